/*
 * dns - the questions of check dns, one after the other
 */
#ifndef CTL_CHECK_DNS_H
#define CTL_CHECK_DNS_H

#include "ctl/check/findings.h"
#include "dns/record.h"
#include "dns/resolver.h"

struct asker;

enum { ASKED_MAX = 32 };

struct asked {
	enum answer_kind kind;
	char why[128];
	unsigned n; /* at most ASKED_MAX */
	union {
		struct srv srv[ASKED_MAX];
		struct address addresses[ASKED_MAX];
		struct {
			uint8_t usage, selector, matching;
			char hex[129];
		} tlsa[ASKED_MAX];
	};
};

/* NULL after a finding. */
struct asker *asker_create(struct findings *f);
void asker_free(struct asker **asker);
/* Waits for the answer: DNS_SRV, DNS_A, DNS_AAAA, DNS_TLSA; of another type only whether there are records. */
void ask_dns(struct asker *asker, const char *name, int type, struct asked *out);

#endif
