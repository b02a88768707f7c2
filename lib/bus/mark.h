/*
 * mark - the packed lists in SAFE, DONE and DELIVER
 *
 * A mark is (subject, n): of that connection all stanzas up to n.  A target is (subject,
 * epoch, n): this stanza is the n-th that the session gets, in that epoch.  Both have a fixed
 * size on the wire, network byte order.
 */
#ifndef BH_MARK_H
#define BH_MARK_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum { MARK_SIZE = 16, TARGET_SIZE = 20 };

struct mark {
	uint64_t subject;
	uint64_t n;
};

struct target {
	uint64_t subject;
	uint32_t epoch;
	uint64_t n;
};

void mark_put(struct buf *out, const struct mark *m);
void target_put(struct buf *out, const struct target *t);

/* Takes the first of the list: true, or false when none is left or the rest is no whole
 * record (then list->len says how much was left over). */
bool mark_take(struct str *list, struct mark *m);
bool target_take(struct str *list, struct target *t);

#endif
