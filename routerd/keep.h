/*
 * keep - a stanza that is answered later
 *
 * A copy of a transit for as long as somebody else (the store, authd) is asked for what its answer
 * needs.  Its number stays open.  The sender may be gone by then: answers to nobody are dropped, effects are not.
 */
#ifndef ROUTERD_KEEP_H
#define ROUTERD_KEEP_H

#include "routerd/route.h"
#include "store/store.h"

struct kept;

/* The sender's next stanzas wait until kept_end(). */
struct kept *transit_keep(struct transit *t);
/* They do not: for what takes long, and nothing after it depends on. */
struct kept *transit_keep_aside(struct transit *t);
void kept_end(struct kept **k);

/* No more than the copy: for the queue of the origin itself (hold.c). */
struct kept *kept_copy(const struct transit *t);
void kept_free(struct kept **k);

/* The stanza as it was; it borrows from k.  Whoever sends by its cause more than once must do so
 * by the same struct transit. */
void kept_restore(const struct kept *k, struct transit *t);

/* Asks the store (tx's last statements are questions, see store_ask()) and calls fn with the
 * stanza and the rows; on a failure the sender gets an internal-server-error instead. */
typedef void transit_rows_fn(struct transit *t, struct store_rows *rows);
void transit_ask(struct transit *t, struct store_tx *tx, transit_rows_fn *fn);

#endif
