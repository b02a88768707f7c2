/*
 * custody - stanzas on their way out, kept until they are done
 *
 * A parcel is one stanza, copied once and counted; a custody entry is one parcel for one
 * session: not yet HELD by the front end, then HELD, then DONE and gone.  While one of its
 * entries is not held, a parcel keeps its origin's number from being safe.
 */
#ifndef ROUTERD_CUSTODY_H
#define ROUTERD_CUSTODY_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "routerd/cause.h"
#include "routerd/origin.h"
#include "routerd/session.h"
#include "xmpp/stanza.h"

/* What a front end needs to write the stanza: borrowed texts. */
struct parcel_text {
	struct str from;
	struct str additions; /* lib/xmpp/addition.h; may be absent */
	struct str envelope;
};

struct parcel {
	struct origin *origin;
	struct parcel *source; /* whose bytes it shares; NULL where they are its own */
	int64_t row; /* that it had among the stored messages (offline.h); 0: none */
	uint64_t number;
	uint64_t mac;	 /* parcel_mac.h; 0: not computed */
	uint32_t branch; /* 0: the stanza itself; else one that it caused */
	unsigned refs;
	unsigned unheld;  /* entries that nobody has confirmed */
	unsigned copies;  /* entries that are unheld, held, or done: somebody has it */
	uint32_t from_len, additions_len, envelope_len;
	char bytes[]; /* from, additions, envelope */
};

/* The stanza itself: branch 0 of its cause.  It starts with a reference for the caller.  NULL
 * without memory. */
struct parcel *parcel_create(const struct cause *cause, const struct parcel_text *text);
/* Another one that this cause brings about. */
struct parcel *parcel_derive(const struct cause *cause, const struct parcel_text *text);
/* The same with a branch of the caller's, who gives it to nothing else of this cause. */
struct parcel *parcel_branch(const struct cause *cause, uint32_t branch, const struct parcel_text *text);
/* The same bytes as an older parcel's, sent anew for this cause. */
struct parcel *parcel_again(const struct cause *cause, struct parcel *source);
struct parcel *parcel_ref(struct parcel *p);
void parcel_unref(struct parcel **p);
/* Lives as long as the parcel. */
struct parcel_text parcel_text(const struct parcel *p);
struct str parcel_envelope(const struct parcel *p);

/* A fan-out: the targets are gathered by front end, and each front end gets one frame. */
void fanout_begin(void);
/* BH_EBUSY: the session's queue is full, it does not get the stanza. */
int fanout_add(struct parcel *p, struct session *s);
void fanout_send(struct parcel *p);
/* All three for one session. */
int deliver_one(struct parcel *p, struct session *s);

/* The front end confirmed frames up to that number of its link. */
void custody_held(struct front *front, uint64_t upto);
/* The session's client has all up to n. */
void custody_done(struct session *s, uint64_t n);
/* What found no room in its queue comes: presence that was kept back, and stored messages. */
void custody_room(struct session *s);

/* The session will not take what is not done of its first n: it is given to undelivered(), in order. */
typedef void undelivered_fn(void *arg, struct parcel *p);
void custody_return(struct session *s, uint64_t n, undelivered_fn *undelivered, void *arg);
/* The session is gone: all of it; the store is its caller's business. */
void custody_abandon(struct session *s, undelivered_fn *undelivered, void *arg);

#endif
