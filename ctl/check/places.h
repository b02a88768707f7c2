/*
 * places - where the processes of a daemon listen, all of them together
 */
#ifndef CTL_CHECK_PLACES_H
#define CTL_CHECK_PLACES_H

#include "ctl/check/findings.h"
#include "net/address.h"

enum { PLACES_MAX = 64 };

struct place {
	char text[64]; /* "*:5222" */
	struct address address; /* where to connect from this machine */
	bool proxied;		/* who connects from there must show a PROXY header */
};

struct places {
	struct place of[PLACES_MAX];
	size_t n;
};

/* Of c2sd's or s2sd's setting "listen" or "listen_tls", each once. */
void places_find(const struct findings *f, const char *daemon, const char *setting, struct places *out);
bool places_have_port(const struct places *places, uint16_t port);

#endif
