/*
 * account - an account of ours, its data in memory
 *
 * It is loaded at its first use, stays while a connection belongs to it or a change of it is
 * under way, and goes some time after its last use (routerd.account_idle).  Its data may be read
 * when account_ready(); they are what the store holds when account_settled().
 */
#ifndef ROUTERD_ACCOUNT_H
#define ROUTERD_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "base/str.h"
#include "routerd/blocklist.h"
#include "routerd/offline.h"
#include "routerd/people.h"
#include "routerd/roster.h"
#include "routerd/router.h"
#include "xmpp/jid.h"

struct connection;
struct origin;
struct session;

enum account_state {
	ACCOUNT_LOADING,
	ACCOUNT_THERE,	 /* it exists, and its data are here */
	ACCOUNT_NOWHERE, /* there is no such account */
	ACCOUNT_UNKNOWN, /* the store or authd could not say; the next use asks again */
};

struct account {
	struct map_node node;
	struct router *router;
	char *text; /* the bare JID; the key */
	struct jid jid;
	uint8_t state; /* enum account_state */
	struct list connections;
	struct list sessions; /* in the order of their binding */
	unsigned nsessions;
	unsigned holds;	      /* reasons to keep it, besides connections */
	unsigned changing;    /* changes on their way to the store */
	struct list waiting;  /* struct waiter: those that wait for it */
	struct list idle;     /* its place in router.idle, while nobody needs it */
	struct list unasked;  /* in router.unasked, while an authd is to be asked whether it exists */
	uint64_t idle_since;  /* ms */
	uint64_t asked;	      /* when the last load began, ms */
	bool stored;	      /* that has found it in the store */
	struct roster roster;
	struct blocklist blocklist;
	struct offline offline;
	struct present present; /* while it has sessions (sharing.h) */
	bool federated;	   /* by when its remote contacts were last told (federation.h) */
	int64_t created;   /* wall clock, us: when we first heard of it */
	int64_t last_seen; /* wall clock of its last unavailable presence; 0: never */
	char *last_status; /* what that said, or NULL */
	uint64_t searches_since; /* of its user (XEP-0055): when a minute of them began, ms, */
	uint32_t searches;	 /* and how many there were in it */
};

/* The account if it is in memory, loaded or not; else NULL: then nobody is logged in to it. */
struct account *account_find(const struct router *r, struct str bare);
/* The account, which is loaded if need be: see account_ready().  NULL without memory. */
struct account *account_get(struct router *r, struct str bare);
/* The same; NULL also where the address is of no domain of ours. */
struct account *account_of_ours(struct router *r, struct str bare);

static inline bool account_ready(const struct account *a)
{
	return a->state != ACCOUNT_LOADING;
}

static inline bool account_settled(const struct account *a)
{
	return a->state != ACCOUNT_LOADING && a->changing == 0;
}

/* Blocks the origin until the account is ready, or settled. */
void account_wait_ready(struct account *a, struct origin *o);
void account_wait_settled(struct account *a, struct origin *o);
/* Calls fn(arg) when it is ready, or settled, which it is not; keeps it in memory until then. */
void account_when_ready(struct account *a, void (*fn)(void *arg), void *arg);
void account_when_settled(struct account *a, void (*fn)(void *arg), void *arg);
/* Lets those go on that waited for what it is now.  Called by whoever changes state or changing. */
void account_wake(struct account *a);

/* Loads an account that nobody could tell us of, if that was a second ago or more. */
void account_ask_again(struct account *a);

/* Keeps it in memory. */
void account_hold(struct account *a);
void account_release(struct account *a);

/* The store holds something else than we: forget the data and load them again. */
void account_reload(struct account *a);

/* Gives the connection to the account, which is made if need be.  0 or BH_ENOMEM. */
int account_attach(struct router *r, struct str bare, struct connection *c);
void account_detach(struct connection *c);

/* Its session with that resource, or NULL. */
struct session *account_session(const struct account *a, struct str resource);

/* Why an account's connections end. */
struct revocation {
	uint64_t generation; /* those below this one */
	uint64_t request;    /* but for the one that asked for it by this (connection.spared); 0: by none */
	unsigned stream_error;
	const char *text;
};

void account_revoke(struct account *a, const struct revocation *why);

/* Frees idle accounts that are old or too many; all of them when `all`. */
void accounts_expire(struct router *r, bool all);

/* Begins to load the account (account_load.c).  Of one that the store does not have, an authd is asked.  One that has
 * gone comes back at once, and after a start of routerd the first comes soon: for five seconds the account waits for it. */
void account_load(struct account *a);
/* Asks for those that wait for an authd: one is there; or, once a second, their time may be over. */
void accounts_ask(struct router *r);
/* Nobody asks for them any more. */
void accounts_give_up(struct router *r);
/* The data go; the object stays. */
void account_clear(struct account *a);

#endif
