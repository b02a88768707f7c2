/*
 * manifest - what a backup consists of: the file "manifest" beside the copies
 *
 * Lines of words: "bulkhead-backup 1", the version and the time that made it, a line for each store with its file, schema,
 * bytes and SHA-256, and "end".  What is not exactly so is refused, and so is a file that is none of a store's: names of a
 * manifest never lead anywhere else.
 *
 * Functions that fail give an enum exit_code, after the complaint.
 */
#ifndef CTL_BACKUP_MANIFEST_H
#define CTL_BACKUP_MANIFEST_H

#include <stdint.h>

#include "base/clock.h"
#include "base/digest.h"
#include "ctl/ctl.h"
#include "ctl/result.h"
#include "store/stores.h"

struct manifest_entry {
	const struct store_place *place;
	int64_t schema;
	int64_t bytes;
	uint8_t digest[DIGEST_SHA256_SIZE];
};

struct manifest {
	char version[64]; /* of Bulkhead */
	char date[CLOCK_STAMP_SIZE];
	struct manifest_entry stores[STORES_MAX];
	size_t n;
};

/* In a folder where there is none. */
int manifest_write(const struct manifest *m, const char *folder);
int manifest_read(struct manifest *m, const char *folder);

/* NULL where the backup has none of that store. */
const struct manifest_entry *manifest_find(const struct manifest *m, const struct store_place *place);

/* Holds a file against it: its size, and every byte.  What differs is a sentence. */
int manifest_compare(const struct manifest_entry *entry, int fd, const char *path);

/* Prints a row for each store. */
void manifest_show(const struct manifest *m, const struct call *call);

#endif
