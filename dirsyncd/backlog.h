/*
 * backlog - what is on its way to the store, bounded
 *
 * Directories can be read faster than a disk writes.  While too much waits to be written, followers (follower.h) keep what
 * they read to themselves, and their threads stop reading.
 */
#ifndef DIRSYNCD_BACKLOG_H
#define DIRSYNCD_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "store/store.h"

enum { BACKLOG_MAX = 8 * 1024 * 1024 };

/* Lives longer than the store. */
struct backlog {
	size_t bytes;
	struct list waiting; /* struct backlog_waiter */
};

struct backlog_waiter {
	struct list link; /* list_init() */
	void (*go_on)(struct backlog_waiter *w);
};

void backlog_init(struct backlog *b);

/* Commits what so many bytes of news have made. */
void backlog_commit(struct backlog *b, struct store_tx *tx, size_t bytes);
/* true: it waits, and is called when there is room; list_remove() takes it out. */
bool backlog_wait(struct backlog *b, struct backlog_waiter *w);

#endif
