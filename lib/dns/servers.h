/*
 * servers - where the servers of an XMPP domain are (RFC 6120 3.2, XEP-0368)
 *
 * The SRV records of _xmpps-server and _xmpp-server are one list, in the order in which they are to be tried: by
 * priority, and among equals by chance and weight (RFC 2782).  A domain without any is its own server.
 */
#ifndef DNS_SERVERS_H
#define DNS_SERVERS_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/resolver.h"

enum { SERVERS_MAX = 32 }; /* more are not looked at */

struct server {
	char name[DNS_NAME_SIZE];
	uint16_t port;
	bool tls;    /* from the first byte (XEP-0368) */
	bool secure; /* what says so was validated (DNSSEC) */
};

enum servers_kind {
	SERVERS_FOUND,
	SERVERS_NONE,	/* the domain says that it has none */
	SERVERS_FAILED, /* the DNS does not say, or what it says is forged */
};

struct servers {
	enum servers_kind kind;
	const char *why; /* unless FOUND */
	unsigned count;
	struct server targets[SERVERS_MAX];
};

struct servers_search;
typedef void servers_fn(void *arg, const struct servers *servers);

/* domain in ASCII (A-labels).  NULL where it cannot be asked. */
struct servers_search *servers_find(struct resolver *r, const char *domain, servers_fn *done, void *arg);
/* done is not called any more; before the resolver stops.  NULL is none. */
void servers_cancel(struct servers_search **search);

/* Of records of equal priority, the place of the next one to try; chance is a random number below the sum of
 * their weights plus 1 (RFC 2782: those of weight 0 come first in the list). */
unsigned servers_pick(const struct srv *records, unsigned count, uint32_t chance);

#endif
