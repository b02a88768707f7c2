/*
 * account - an account that somebody is logged in to
 *
 * Lives as long as a connection belongs to it.
 */
#ifndef ROUTERD_ACCOUNT_H
#define ROUTERD_ACCOUNT_H

#include "base/list.h"
#include "base/map.h"
#include "base/str.h"
#include "routerd/router.h"

struct connection;
struct session;

struct account {
	struct map_node node;
	struct router *router;
	char *jid; /* bare; the key */
	struct list connections;
	struct list sessions; /* in the order of their binding */
	unsigned nsessions;
};

/* NULL when nobody is logged in to it. */
struct account *account_find(const struct router *r, struct str bare);

/* Gives the connection to the account, which is made if need be.  0 or BH_ENOMEM. */
int account_attach(struct router *r, struct str bare, struct connection *c);
/* Takes it away again; the account goes with its last connection. */
void account_detach(struct connection *c);

/* Its session with that resource, or NULL. */
struct session *account_session(const struct account *a, struct str resource);

/* Closes all its connections of a generation below this one. */
void account_revoke(struct account *a, uint64_t generation, unsigned stream_error, const char *text);

#endif
