/*
 * roster - an account's contacts in memory (RFC 6121 2)
 *
 * A contact is a member of the roster (listed), or no more than a request to subscribe that waits
 * for an answer (not shown, 3.1.3).  Each change gives the roster a new version, which the changed
 * contact bears; contacts that were removed are remembered with theirs, so that a client that has an
 * old version can be told the difference (2.6).
 *
 * The roster is one account's data: nobody changes it but through a struct change.
 */
#ifndef ROUTERD_ROSTER_H
#define ROUTERD_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/str.h"
#include "routerd/subscription.h"
#include "store/store.h"

/* Contacts removed that are remembered; a client that knows only an older version gets all. */
enum { ROSTER_REMOVED_MAX = 200 };
/* Strangers' requests may take so much of an account's memory and rows. */
enum { ROSTER_REQUESTS_MAX = 1024 * 1024 };

enum contact_flag {
	CONTACT_LISTED = 1,   /* in the roster */
	CONTACT_APPROVED = 2, /* its request will be granted (3.4) */
};

struct contact {
	struct map_node node; /* in roster.contacts, by jid */
	uint64_t version;
	uint8_t state; /* enum subscription */
	uint8_t flags; /* set of enum contact_flag */
	struct str jid; /* bare; these are in the contact's own memory */
	struct str name;   /* absent without */
	struct str groups; /* a textlist */
	struct str request; /* what is kept (pending.h) of the subscribe that waits for an answer; or absent */
};

struct removed;

struct roster {
	struct map contacts; /* struct contact */
	struct map removed;  /* struct removed (roster.c) by jid */
	size_t requests;     /* bytes of what waits for an answer, the addresses included */
	uint64_t version;
	uint64_t floor; /* of removals at or below this nothing is remembered */
};

/* What a contact is to become: borrowed texts. */
struct contact_text {
	struct str jid, name, groups, request;
	uint64_t version;
	uint8_t state, flags;
};

struct contact *roster_find(const struct roster *r, struct str bare);
struct contact_text contact_text(const struct contact *c);

/* Adds the contact, or puts it in the place of the one with its JID, which is freed.  text may
 * borrow from that.  NULL without memory: nothing happened. */
struct contact *roster_put(struct roster *r, const struct contact_text *text);
void roster_remove(struct roster *r, struct contact *c);
/* Would that request be within ROSTER_REQUESTS_MAX? */
bool roster_fits_request(const struct roster *r, const struct contact_text *text);
/* Remembers a removal, forgets it again, or those at or below the floor. */
void roster_remember(struct roster *r, struct str jid, uint64_t version);
bool roster_unremember(struct roster *r, struct str jid); /* false: it was not remembered */
void roster_raise_floor(struct roster *r, uint64_t floor);

void roster_clear(struct roster *r);

/* A row of the account's load. */
void roster_load_contact(struct roster *r, const struct store_rows *row);
void roster_load_removed(struct roster *r, const struct store_rows *row);

/* Calls each(arg, jid, version) for the removed contacts. */
void roster_each_removed(const struct roster *r,
	void (*each)(void *arg, struct str jid, uint64_t version), void *arg);

#endif
