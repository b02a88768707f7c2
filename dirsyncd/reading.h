/*
 * reading - an entry is read on the follower's thread; what is wrong with it is said on the loop
 *
 * A value that cannot be used is left out and complained of; the rest of the entry goes on.  Complaints travel with what
 * was read, since they are said once for an entry and what is wrong with it, not at each refresh (struct said).
 */
#ifndef DIRSYNCD_READING_H
#define DIRSYNCD_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/map.h"
#include "directory/entry.h"

/* Of one entry, on the thread. */
struct reading {
	const struct direntry *entry;
	struct buf complaints; /* a list of texts */
	uint64_t mark;	       /* of the complaints, and of the values that they are about */
};

void reading_init(struct reading *r, const struct direntry *entry);
void reading_fini(struct reading *r);

/* The same sentence counts once. */
void reading_complain(struct reading *r, struct str value, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The i-th value of the attribute: absent where there is none, and, with a complaint, where it is no text (UTF-8 without
 * control characters) or longer than max. */
struct str reading_text(struct reading *r, const char *attribute, size_t i, size_t max);

/* The first such value of the first attribute of the list that has one; NULL ends the list. */
struct str reading_first(struct reading *r, const char *const *attributes, size_t max);

/* Which complaints have been said: entries with something wrong, by entryUUID.  On the loop. */
struct said {
	struct map entries;
};

void said_fini(struct said *s);

struct complaints {
	const char *directory;
	struct str dn;
	struct str list;
	uint64_t mark;
};
/* Logs what has not been said of that entry; nothing is wrong with it any more where the list is empty. */
void said_now(struct said *s, const uint8_t *uuid, const struct complaints *c);
bool said_anything(const struct said *s, const uint8_t *uuid);
/* The entry is gone. */
void said_forget(struct said *s, const uint8_t *uuid);

#endif
