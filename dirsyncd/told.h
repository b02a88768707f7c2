/*
 * told - what routerd is told of accounts: at once, and for a day again at each new link
 *
 * In the order in which it happened, since one may depend on another; each is such that it may be told again.
 */
#ifndef DIRSYNCD_TOLD_H
#define DIRSYNCD_TOLD_H

#include "dirsyncd/dirsyncd.h"

/* Beside enum account_change (codes.h), whose numbers are in use here. */
enum { TOLD_RENAMED = 0 };

struct told {
	struct str account;
	struct str becomes; /* with TOLD_RENAMED */
	unsigned change;
	uint64_t when_us; /* wall clock */
};

/* Says it, and writes it down as a part of that transaction. */
void told_say(struct dirsyncd *d, struct store_tx *tx, const struct told *t);
/* There is a new link. */
void told_again(struct dirsyncd *d);

#endif
