/*
 * authd - decides who somebody is, and keeps the accounts
 *
 * One object for the process; its parts know each other through it.
 */
#ifndef AUTHD_AUTHD_H
#define AUTHD_AUTHD_H

#include "authd/accounts.h"
#include "authd/conversation.h"
#include "authd/derive.h"
#include "authd/directories.h"
#include "authd/listing.h"
#include "authd/policy.h"
#include "authd/throttle.h"
#include "bus/client.h"
#include "daemon/daemon.h"

struct authd {
	struct daemon *daemon;
	struct policy policy;
	struct Gsasl *gsasl;
	bool tickets; /* Kerberos' are taken */
	struct throttle *throttle;
	struct derive *derive;
	struct accounts *accounts;
	struct directories *directories;
	struct refusals *refusals;
	struct conversations *conversations;
	struct listings *listings;
	struct bus_client *client;
	struct list lookups;  /* struct lookup (lookup.c): that wait for a directory */
	struct list requests; /* struct request (requests.c): the same */
	struct list moves;    /* struct move (move.c): under way */
	uint64_t link_number; /* an answer goes out only on the link where its question came in */
	int stopping;	      /* parts that are still closing */
};

/* The hooks of daemon_spec. */
int authd_open(struct daemon *d);
int authd_start(struct daemon *d);
int authd_prepare(struct daemon *d, void **prepared);
void authd_adopt(struct daemon *d, void *prepared);
void authd_discard(struct daemon *d, void *prepared);
bool authd_ask_reload(struct daemon *d);
void authd_stop(struct daemon *d);

#endif
