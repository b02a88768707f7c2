/*
 * custody_entry - one parcel on its way to one session; for custody.c and custody_store.c only
 *
 * It waits to be held in exactly one list, by in_front: of a front end that was sent it, or of a batch
 * on its way to the store; once that has happened it is in neither.
 */
#ifndef ROUTERD_CUSTODY_ENTRY_H
#define ROUTERD_CUSTODY_ENTRY_H

#include "routerd/counters.h"
#include "routerd/custody.h"

struct custody {
	struct list in_front;	/* front.unheld, or a batch's entries */
	struct list in_session; /* session.outbound, until it is done */
	struct parcel *parcel;
	struct session *session;
	uint64_t frame; /* the link's number of the DELIVER; the last there is: of none yet */
	uint64_t n;	/* the session's number */
	bool stored;	/* there is a row of it */
};

/* Somebody has it in memory, or the store has. */
void custody_hold(struct custody *c);
/* Takes the entry out of everything; its parcel lives on with its other references. */
void custody_free(struct custody *c);

/* It joins its session's queue, or leaves it. */
static inline void custody_enter(struct custody *c)
{
	c->session->outbound_bytes += c->parcel->envelope_len;
	counter_add(COUNT_QUEUED, 1);
	counter_add(COUNT_QUEUED_BYTES, c->parcel->envelope_len);
}

static inline void custody_leave(struct custody *c)
{
	c->session->outbound_bytes -= c->parcel->envelope_len;
	counter_sub(COUNT_QUEUED, 1);
	counter_sub(COUNT_QUEUED_BYTES, c->parcel->envelope_len);
}

static inline bool custody_is_held(const struct custody *c)
{
	return list_empty(&c->in_front);
}

#endif
