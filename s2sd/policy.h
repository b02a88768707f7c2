/*
 * policy - how a domain of ours talks to remote servers, as its setting s2s says
 */
#ifndef S2SD_POLICY_H
#define S2SD_POLICY_H

#include <stdbool.h>

#include "base/map.h"
#include "base/str.h"
#include "daemon/daemon.h"

struct s2sd;

enum policy_kind {
	/* TLS always, and a certificate that is valid for the remote domain: its own, or that of the server
	 * which answers for it by dialback. */
	POLICY_SECURE,
	/* Dialback over whatever connection there is; TLS where the remote has it. */
	POLICY_DIALBACK,
	POLICY_OFF,
};

struct policy {
	struct map_node node;
	char *domain;
	enum policy_kind kind;
	bool certificate; /* it has one of its own: a domain, not a component */
};

/* Makes the table what the configuration says. */
int policies_set(struct s2sd *srv, const struct conf *conf);
void policies_free(struct s2sd *srv);
/* NULL where the domain is none of ours, or talks to nobody. */
const struct policy *policy_of(const struct s2sd *srv, struct str domain);

#endif
