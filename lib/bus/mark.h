/*
 * mark - the packed lists in SAFE, DONE and DELIVER
 *
 * A mark is (subject, n): of that connection all stanzas up to n.  A target is (subject,
 * epoch, n): this stanza is the n-th that the session gets, in that epoch.  An accepted (in ACCEPTED)
 * says that a front end has taken a stanza for a session.  All have a fixed size on the wire, network
 * byte order.
 */
#ifndef BH_MARK_H
#define BH_MARK_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "bus/bus.h"

enum { MARK_SIZE = 16, TARGET_SIZE = 20, ACCEPTED_SIZE = 44 };

struct mark {
	uint64_t subject;
	uint64_t n;
};

struct target {
	uint64_t subject;
	uint32_t epoch;
	uint64_t n;
};

struct accepted {
	struct bus_id session, origin;
	uint64_t number;
	uint32_t branch;
	uint32_t zero; /* it may be a key */
};

void mark_put(struct buf *out, const struct mark *m);
void target_put(struct buf *out, const struct target *t);
void accepted_put(struct buf *out, const struct accepted *a);

/* Takes the first of the list: true, or false when none is left or the rest is no whole
 * record (then list->len says how much was left over). */
bool mark_take(struct str *list, struct mark *m);
bool target_take(struct str *list, struct target *t);
bool accepted_take(struct str *list, struct accepted *a);

#endif
