/*
 * session - a bound resource, from bind to its end; a component that is connected; a stream from a remote server
 * (proofs.h); or what goes to one (abroad.h)
 *
 * It numbers what its client receives: nothing reaches a client but by fanout_add(), and each
 * custody entry stays in `outbound` until the front end says DONE.  Its origin outlives it while
 * stanzas that it sent are under way.
 */
#ifndef ROUTERD_SESSION_H
#define ROUTERD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "bus/bus.h"
#include "routerd/account.h"
#include "routerd/client_state.h"
#include "routerd/directed.h"
#include "routerd/front.h"
#include "routerd/origin.h"
#include "xmpp/jid.h"

struct claim;
struct component;
struct pair;
struct parcel;
struct proofs;

struct session {
	struct map_node node; /* in router.sessions, by origin->id */
	struct list in_account;
	/* Whose it is: one of these. */
	struct account *account;
	struct component *component;
	struct pair *pair;     /* what waits for a remote domain (abroad.h) */
	struct proofs *proofs; /* a server's stream, and for whom that may speak */
	struct connection *connection; /* NULL: it is asleep (hibernate.h), or not restored yet */
	struct connection *fenced;     /* that it had, and whose front end keeps a copy until DROP */
	struct connection *wanted;     /* that waits to resume it */
	uint64_t wanted_acked;	       /* what its client has got, as that says */
	struct origin *origin;
	char *text; /* the full JID; the domain of a component; "remote/local" */
	struct jid jid;
	uint32_t epoch;
	int64_t since; /* wall clock */
	struct parcel *presence; /* the last one sent to all; NULL while unavailable */
	struct directed directed;
	struct client_state state;
	int8_t priority;
	bool wants_roster;    /* it has asked for the roster: it gets pushes (RFC 6121 2.1.6) */
	bool wants_blocklist; /* the same for the blocklist */
	bool carbons;	      /* it gets copies of the account's other messages (XEP-0280) */
	struct list outbound; /* struct custody, by number */
	uint64_t sent;	      /* the number of the last */
	uint64_t acked;	      /* up to here its client has them */
	size_t outbound_bytes;
	char *way_state;      /* of a pair: what its s2sd wants kept, or NULL */
	uint64_t generation;  /* of the account, at its log-in */
	char mechanism[24];   /* of that */
	/* Stream management (XEP-0198). */
	bool sm, enabling;
	bool sealing;		     /* its numbers are on their way to the store, */
	uint64_t wishes, sealed_wish; /* how many have wanted it; for which of them that is */
	uint32_t resume_s;	     /* how long it waits for its client; 0: it does not */
	uint64_t in_base, out_base;  /* stanzas each way that came before it was enabled */
	int64_t asleep_since;	     /* wall clock; 0: it is not asleep */
	uint64_t wakes_until;	     /* ms: then it ends */
	uint64_t wake_frame, wake_n; /* custody_store.h */
	uint64_t sent_again;	     /* while it is in front.resending: so far its front end was sent its queue */
	struct list asleep, unsealed; /* in the router's lists of that name */
	struct list waking, resending; /* in its front's lists of that name */
	struct list changed;	      /* in router.changed: its row is to be written */
	struct claim *claim;	      /* that a front end may have to it (restore.h), or NULL */
	uint8_t counted;	      /* the gauge that it stands in (counters.h) */
};

/* Who it will be: the full JID, a component's domain, or the first pair that was proved. */
char *session_address(const struct connection *c, struct str resource);

struct session_owner {
	struct account *account;
	struct component *component;
	struct pair *pair;
	struct proofs *proofs;
};
/* A session of that id and address, and that owner's, who has none of that name; and of no connection yet.  It
 * takes over pair and proofs.  NULL without memory. */
struct session *session_create(struct router *r, const struct bus_id *id, struct str address,
	const struct session_owner *owner);
/* The connection carries it. */
void session_join(struct session *s, struct connection *c);

/* The one of that id, or NULL. */
struct session *session_find(const struct router *r, const struct bus_id *id);

/* Ends it: its unavailable presence goes out, and what its client had not got is treated as for
 * a resource that has gone (RFC 6121 8). */
void session_end(struct session *s);

/* Frees it without a word to anybody: routerd stops, and the next one restores it. */
void session_discard(struct session *s);

/* Ends it for good, its connection too if it has one. */
void session_kill(struct session *s, unsigned stream_error, const char *text);

/* Its connection or its presence is another: the gauges of sessions follow. */
void session_recount(struct session *s);

/* Choices for emit_to_account(). */
bool session_available(const struct session *s);
bool session_wants_roster(const struct session *s);
bool session_wants_blocklist(const struct session *s);
/* Available, with a priority that is not negative. */
bool session_takes_messages(const struct session *s);

#endif
