/*
 * scram - the SCRAM mechanisms (RFC 5802, RFC 7677), by gsasl
 */
#ifndef AUTHD_SCRAM_H
#define AUTHD_SCRAM_H

#include <stdbool.h>

#include "base/str.h"

struct Gsasl;

/* One for the process; NULL when gsasl cannot start. */
struct Gsasl *scram_open(void);
void scram_close(struct Gsasl **gsasl);

/* What stands at the start of a client-first-message, before gsasl sees it: gsasl wants the
 * keys of an account before it tells whose. */
struct client_first {
	char flag;	    /* 'n', 'y' or 'p' */
	struct str binding; /* of p=... */
	char authzid[3072]; /* unescaped; empty where absent */
	char authcid[1024];
};

/* Strict: false for anything that the grammar of RFC 5802, section 7 does not allow there. */
bool client_first_parse(struct str in, struct client_first *out);

#endif
