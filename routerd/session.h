/*
 * session - a bound resource, from bind to its end
 *
 * It numbers what its client receives: nothing reaches a client but by session_next(), and
 * each custody entry stays in `outbound` until the front end says DONE.  Its origin object
 * outlives it while stanzas that it sent are under way.
 */
#ifndef ROUTERD_SESSION_H
#define ROUTERD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "bus/bus.h"
#include "routerd/account.h"
#include "routerd/front.h"
#include "xmpp/jid.h"

struct parcel;

/* More stanzas than this of one session are never under way: the bound of session_stanzas. */
enum { ORIGIN_WINDOW = 64 };

/* Where stanzas come from, and how far they are safe (custody.md, "Words").  Counted. */
struct origin {
	struct bus_id id;
	struct router *router;
	struct session *session; /* NULL after its end */
	struct list told;	 /* its place in router.unsafe_told */
	unsigned refs;
	uint64_t number; /* of the last stanza that came in */
	uint64_t safe;	 /* all up to here are safe */
	/* For the numbers after safe: how many parcels still keep each from being safe. */
	uint8_t open[ORIGIN_WINDOW];
};

struct session {
	struct map_node node; /* in router.sessions, by origin->id */
	struct list in_account;
	struct account *account;
	struct connection *connection;
	struct origin *origin;
	char *text; /* the full JID */
	struct jid jid;
	uint32_t epoch;
	int64_t since; /* wall clock */
	struct parcel *presence; /* the last one sent to all; NULL while unavailable */
	int8_t priority;
	struct list outbound; /* struct custody, by number */
	uint64_t sent;	      /* the number of the last */
	size_t outbound_bytes;
};

/* Binds the resource (prepared) to the connection, whose account has none of that name.
 * 0 or BH_ENOMEM. */
int session_create(struct connection *c, struct str resource, struct session **out);

/* Ends it: its unavailable presence goes out, and what its client had not got is treated as for
 * a resource that has gone (RFC 6121 8). */
void session_end(struct session *s);

bool session_available(const struct session *s);

/* Something keeps the n-th stanza from being safe, and does so no longer.  When nothing does, for
 * this and all before it, SAFE goes to the front end at the end of the turn. */
void origin_open(struct origin *o, uint64_t n);
void origin_close(struct origin *o, uint64_t n);
struct origin *origin_ref(struct origin *o);
void origin_unref(struct origin **o);
/* Sends the SAFE marks that gathered. */
void origins_tell(struct router *r);

#endif
