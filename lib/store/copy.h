/*
 * copy - a store is copied while its owner works with it
 *
 * A snapshot is what was committed at its moment.  Its owner goes on writing and is never waited for, nor does it wait: all
 * that happens is that the write-ahead log grows until the snapshot is closed.  A copy is one file, without a log.
 *
 * Functions that fail give a code of err.h and a sentence in *why.
 */
#ifndef BH_STORE_COPY_H
#define BH_STORE_COPY_H

#include <stddef.h>
#include <stdint.h>

struct store_snapshot;

int store_snapshot_open(const char *path, struct store_snapshot **out, char *why, size_t size);
void store_snapshot_close(struct store_snapshot **snapshot);

/* Of its schema. */
int64_t store_snapshot_version(const struct store_snapshot *snapshot);

/* Into a new file of mode 0600, which is on the disk then.  Where it fails something of it may be left. */
int store_snapshot_write(struct store_snapshot *snapshot, const char *to, char *why, size_t size);

/* Does nobody have it open?  Then its log is written into it, and 0; also where there is no such file, or a damaged one that
 * nobody can use.  BH_EBUSY: somebody has. */
int store_rest(const char *path);

#endif
