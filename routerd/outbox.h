/*
 * outbox - consequences in the store, until they can never be needed again (custody.md, 10)
 *
 * A change and what follows from it are one transaction.  If routerd dies in between, the next run carries
 * the consequences out, and does not judge the stanza again that caused them.
 */
#ifndef ROUTERD_OUTBOX_H
#define ROUTERD_OUTBOX_H

#include "routerd/cause.h"
#include "routerd/route.h"
#include "store/store.h"

/* One row; seq counts those of the cause, about may be absent. */
struct outbox_row {
	const struct cause *cause;
	unsigned seq, kind; /* enum consequence_kind */
	struct str about, from, envelope;
};
void outbox_put(struct store_tx *tx, const struct outbox_row *row);

/* Nothing of the origin up to n comes again: its rows go. */
void outbox_forget(struct router *r, const struct origin *o, uint64_t n);

/* Of the run before: reads a row of SQL_OUTBOX_GET. */
void outbox_load(struct router *r, const struct store_rows *row);
/* Carries them out, in order; then done. */
void outbox_run(struct router *r, void (*done)(struct router *r));
/* The stanza was judged by the run before. */
bool outbox_judged(const struct cause *cause);
void outbox_free(struct router *r);

#endif
