/*
 * sync - following a directory (RFC 4533, refreshAndPersist)
 *
 * First what has changed since a cookie, or everything; then each change as it happens.  Entries are known by their
 * entryUUID: an entry that is renamed is the same one.
 */
#ifndef DIRECTORY_SYNC_H
#define DIRECTORY_SYNC_H

#include <stdint.h>

#include "directory/connection.h"
#include "directory/sync_value.h"

struct dirsync_handlers {
	/* It is there, new or changed or neither. */
	void (*entry)(void *arg, const uint8_t uuid[UUID_SIZE], const struct direntry *entry);
	/* It is there, as before. */
	void (*present)(void *arg, const uint8_t uuid[UUID_SIZE]);
	/* It is gone. */
	void (*gone)(void *arg, const uint8_t uuid[UUID_SIZE]);
	/* What was told so far is all; whole: what of all that was there before was not told is gone. */
	void (*refreshed)(void *arg, bool whole);
	/* All up to here has been told. */
	void (*cookie)(void *arg, struct str cookie);
	/* Asked now and then: is that to end? */
	bool (*over)(void *arg);
};

struct dirsync {
	const char *base, *filter; /* all below, and itself */
	const char *const *attributes;
	struct str cookie; /* absent: everything */
};

/* Returns when it is over (0) or cannot go on: BH_ENOTFOUND when the cookie is too old: then without one, from the
 * beginning; else as dirconn_search(). */
int dirconn_follow(
	struct dirconn *c, const struct dirsync *s, const struct dirsync_handlers *handlers, void *arg, char *why);

#endif
