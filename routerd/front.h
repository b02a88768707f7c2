/*
 * front - a front end on the bus (c2sd, s2sd), and the connections that it carries
 *
 * A connection is known from its first AUTH_BEGIN to its CLOSED.  Its number is the front
 * end's own, never used twice in one life of the front end.  It belongs to nobody until
 * authd's verdict, then to one account for good (custody.md, 19); bound, it carries a session.
 */
#ifndef ROUTERD_FRONT_H
#define ROUTERD_FRONT_H

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "base/str.h"
#include "bus/server.h"
#include "routerd/router.h"
#include "routerd/settle.h"

struct account;
struct component;
struct proofs;
struct session;
struct conversation;

/* What bus_peer.data points at, for every role. */
struct front {
	struct router *router;
	struct bus_peer *peer;
	struct map connections; /* struct connection by number */
	struct list unheld;	/* struct custody, in the order of the link's numbers */
	struct list waking;	/* struct session (custody_store.h), in that order too */
	struct list resending;	/* struct session: it is to be sent more of their queues, when there is room */
	struct settling settling;
	uint64_t held;	     /* frames of its link that it has confirmed */
	uint64_t awaited;    /* up to which sharing_tell.c waits for it */
	uint64_t overdue[2]; /* what it had been sent at the last tick, and at the one before */
	size_t unsafe_bytes;	/* of stanzas that its sessions have sent (origin.h) */
	size_t closing_bytes;	/* and of those whose connections it has closed */
	size_t conversations;	/* that are open */
	size_t asked;		/* requests of an administrator that are open (requests.h) */
	struct list log_ins;	/* those, the oldest first */
	size_t accepted;	/* entries of its ACCEPTEDs */
	bool full;		/* it has claimed more connections than there can be */
	bool draining;		/* it takes no new connections */
	uint64_t reload;	/* the reload whose step it has to answer; 0: none */
	uint64_t prepared;	/* the last one that it was asked to prepare for */
	bool restored;		/* it has named its sessions (restore.h) */
	struct list fanout;	/* its place among the fronts of the fan-out being made */
	struct buf targets;	/* of that fan-out */
};

struct binding;
struct deferred;

struct connection {
	struct map_node node;
	uint64_t id; /* the key */
	struct front *front;
	struct conversation *conversation; /* open, or NULL */
	struct account *account;	   /* after the verdict; or */
	struct component *component;	   /* whose program it is; or */
	struct proofs *proofs;		   /* of a server's stream: for whom it may speak */
	struct list in_account;
	struct list killed;		   /* in router.killed: it has been told to close, */
	uint64_t killed_ms;		   /* then */
	uint64_t generation; /* of the account, at the verdict */
	struct session *session;
	struct session *wanted;	 /* that it waits to resume */
	struct session *left;	 /* that it has lost, and of which its front end keeps a copy */
	uint32_t attempt;	 /* of its last AUTH_BEGIN */
	struct binding *binding; /* on its way to the store (bind.c) */
	struct deferred *deferred; /* what it asks for, until the barrier opens (restore.h) */
	char *address;	  /* of the client, for the log and `session list` */
	char mechanism[24];
	bool tls;
	bool both;    /* of a server's stream: what goes there may take it, too (XEP-0288) */
	uint64_t spared; /* its user's request for a new password, or for the end of the account: it outlives that; or 0 */
	uint8_t close_reason; /* enum close_reason, when it ends; CLOSE_LOST with its front end */
	bool closing; /* CLOSED came while stanzas of it were waiting: it ends after them */
};

struct front *front_create(struct router *r, struct bus_peer *peer);
/* The peer is gone: every connection ends. */
void front_free(struct front **front);

struct connection *front_connection(struct front *front, uint64_t id);
/* May it have one more?  Who claims more than its configuration lets it have is not believed; the first is logged. */
bool front_has_room(struct front *front);
/* NULL when the memory cannot be had. */
struct connection *front_add_connection(struct front *front, uint64_t id);

/* Ends it on our side: conversation, session, and the object.  The front end is told nothing. */
void connection_end(struct connection *c);
/* "c2sd@1/17", as its front end and authd say in the log, too; static. */
const char *connection_name(const struct connection *c);
/* Asks the front end to close it; CLOSED will come back.  Nothing that is said on it counts any more, and its session
 * ends though CLOSED should not come. */
void connection_kill(struct connection *c, unsigned stream_error, const char *text);
bool connection_killed(const struct connection *c);
/* Once a second: sessions end whose front ends have not closed them in time. */
void connections_tick(struct router *r);

/* The front of an event's link. */
struct front *front_of(const struct bus_event *event);

#endif
