/*
 * origin - where stanzas come from, how far they are safe, and which of them wait
 *
 * Every session has one (custody.md, "Words").  It outlives the session while stanzas that it
 * sent are under way: it is counted.
 *
 * Stanzas of one origin are judged in their order.  When one has to wait (for an account that
 * is being loaded, for the commit of a change), all that come after it wait behind it; the credit
 * of the session bounds how many.
 */
#ifndef ROUTERD_ORIGIN_H
#define ROUTERD_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "bus/bus.h"

struct router;
struct session;
struct transit;

/* More stanzas than this of one session are never under way: the bound of session_stanzas. */
enum { ORIGIN_WINDOW = 64 };

struct origin {
	struct bus_id id;
	struct router *router;
	struct session *session; /* NULL after its end */
	struct list told;	 /* its place in router.unsafe_told */
	struct list waiting;	 /* struct held (hold.c), by number */
	unsigned refs;
	unsigned blocked; /* reasons for which the next stanza may not be judged yet */
	bool running;	  /* the queue is being worked off */
	uint64_t number;  /* of the last stanza that came in */
	uint64_t safe;	  /* all up to here are safe */
	uint64_t outbox;  /* the last with rows in the outbox; 0: none has */
	uint64_t settled; /* and up to here its front end knows it (settle.h) */
	/* For the numbers after safe: how many reasons still keep each from being safe, and its bytes. */
	uint16_t open[ORIGIN_WINDOW];
	uint32_t bytes[ORIGIN_WINDOW];
	size_t unsafe_bytes; /* their sum */
};

/* With one reference, the caller's. */
struct origin *origin_create(struct router *r);
/* The origin of a session that there may be no more, or only in another run of routerd. */
struct origin *origin_known(struct router *r, const struct bus_id *id);
/* All up to n are safe, and its front end knows it. */
void origin_settle(struct origin *o, uint64_t n);
/* The n-th stanza never comes again. */
bool origin_settled(const struct origin *o, uint64_t n);
struct origin *origin_ref(struct origin *o);
void origin_unref(struct origin **o);

/* Something keeps the n-th stanza from being safe, and does so no longer.  When nothing does, for
 * this and all before it, SAFE goes to the front end at the end of the turn. */
void origin_open(struct origin *o, uint64_t n);
void origin_close(struct origin *o, uint64_t n);
/* Sends the SAFE marks that gathered. */
void origins_tell(struct router *r);

/* The n-th stanza has come, and counts against the credit of its session and of its front end's link until it is safe.
 * false: the credit was used up before. */
bool origin_charge(struct origin *o, uint64_t n, uint32_t bytes);
/* Its connection is closed, and what came on it is still to be judged.  The front end does not count that any more: it
 * counts for itself, with that of others like it.  false: it is more than twice the credit of the link, and is not to be waited for. */
bool origin_closing(struct origin *o);
/* The front end carries the session no longer. */
void origin_uncharge(struct origin *o);

/* The stanzas after the present one wait until the same number of unblocks. */
void origin_block(struct origin *o);
void origin_unblock(struct origin *o);

/* Something of it has not been judged. */
bool origin_busy(const struct origin *o);
/* Forgets what waits: the session ends, and nobody acknowledged it. */
void origin_forget(struct origin *o);

#endif
