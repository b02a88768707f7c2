/*
 * entry_record - what was read of an entry, on its way from the follower's thread to the loop
 *
 * A head of fixed size, then a list of texts: the name of the entry, those of its kind (person.h, group.h), and what was
 * complained of.  Stores keep digests of records: their form changes with the RECORD_VERSION of every kind only.
 */
#ifndef DIRSYNCD_ENTRY_RECORD_H
#define DIRSYNCD_ENTRY_RECORD_H

#include <stdbool.h>

#include "base/buf.h"
#include "directory/dn.h"
#include "dirsyncd/reading.h"

/* What every record has; borrowed from its bytes. */
struct entry_record {
	const uint8_t *dn_digest;
	struct str dn;
	bool flag; /* whatever its kind says by that */
	struct str complaints; /* reading.h */
	uint64_t mark;
	uint8_t digest[DN_DIGEST_SIZE]; /* of all of it: where it is another one, something has changed */
};

/* On the thread; between the two, out, empty at first, gets the texts of its kind.  so: what follows where the entry's name
 * cannot be read. */
void entry_record_begin(struct buf *out, struct reading *r, const char *so);
void entry_record_end(struct buf *out, const struct reading *r, bool flag);

/* On the loop: into the n texts of its kind, in their order.  false: it was cut short. */
bool entry_record_take(struct str bytes, struct entry_record *out, struct str *const *texts, size_t n);

#endif
