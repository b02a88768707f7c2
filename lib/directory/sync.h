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
#include "directory/uuid.h"

struct dirsync_handlers {
	/* A refresh begins; whole: of everything, as if nothing were known. */
	void (*begin)(void *arg, bool whole);
	/* It is there, new or changed or neither. */
	void (*entry)(void *arg, const uint8_t uuid[UUID_SIZE], const struct direntry *entry);
	/* It is there, as before. */
	void (*present)(void *arg, const uint8_t uuid[UUID_SIZE]);
	/* It is gone. */
	void (*gone)(void *arg, const uint8_t uuid[UUID_SIZE]);
	/* The refresh is over: what was told since it began is all; whole: what of all that was there before was not told is
	 * gone. */
	void (*refreshed)(void *arg, bool whole);
	/* All up to here has been told.  Never within a refresh. */
	void (*cookie)(void *arg, struct str cookie);
	/* Asked now and then: is that to end? */
	bool (*over)(void *arg);
};

struct dirsync {
	const char *base, *filter; /* all below, and itself */
	const char *const *attributes;
	struct str cookie; /* absent: everything */
};

/* Does it say that it can be followed?  0, or as dirconn_search(). */
int dirconn_can_follow(struct dirconn *c, bool *can, char *why);

/* Returns when it is over (0) or cannot go on: BH_ENOTFOUND when the cookie means nothing to the server (any more): then
 * without one, from the beginning; BH_EPROTO when it cannot be followed, whatever it says; else as dirconn_search(). */
int dirconn_follow(
	struct dirconn *c, const struct dirsync *s, const struct dirsync_handlers *handlers, void *arg, char *why);

#endif
