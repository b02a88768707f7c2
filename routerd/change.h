/*
 * change - what a stanza changes in the store, and what follows when it is there
 *
 * A change is made in memory at once and committed in a group a few milliseconds later.  Nobody
 * hears of it before that (custody.md, 10): the answer, the pushes, and the stanzas to others are
 * its consequences and wait in it, in order; they stand in the store too (outbox.h).  The stanza's number stays open, and its sender's next
 * stanzas are not judged meanwhile.
 *
 * When the commit fails, nothing follows but an internal-server-error to the sender, and the
 * accounts that were touched are loaded again.
 */
#ifndef ROUTERD_CHANGE_H
#define ROUTERD_CHANGE_H

#include "routerd/cause.h"
#include "routerd/consequence.h"
#include "routerd/route.h"
#include "store/store.h"

struct account;
struct change;

struct change *change_begin(struct transit *t);
/* Of the server's own accord (router.self), or for somebody who is not told of a failure. */
struct change *change_begin_for(const struct cause *cause);

/* Where the statements go (data.h). */
struct store_tx *change_tx(struct change *c);

/* The account's data change: it is not settled until the commit. */
void change_touch(struct change *c, struct account *a);

/* What follows after the commit, caused by the stanza that was changed for (enum consequence_kind).
 * about may be NULL and is kept in memory; s is copied with its from (its kind may be 0 where there is
 * no stanza). */
void change_then(struct change *c, unsigned kind, struct account *about, const struct stanza *s);

/* The answer to the sender: an IQ's result with that inner XML. */
void change_then_result(struct change *c, struct transit *t, struct str inner);

/* Commits, and ends the change.  Without any statement the consequences follow at once. */
void change_commit(struct change **c);

/* Ends it as if nothing had been asked for: before anything was changed. */
void change_drop(struct change **c);

#endif
