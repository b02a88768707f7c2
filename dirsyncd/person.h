/*
 * person - an account of a directory
 *
 * person_read() makes a record of an entry, on the follower's thread; person_take() takes it apart on the loop.  A few
 * things of it stay in memory (struct person), the rest is in the store only.
 */
#ifndef DIRSYNCD_PERSON_H
#define DIRSYNCD_PERSON_H

#include <stdbool.h>

#include "directory/directory.h"
#include "directory/sync.h"
#include "dirsyncd/entry_record.h"
#include "dirsyncd/membership.h"
#include "dirsyncd/profile_map.h"
#include "store/store.h"

enum { PERSON_TEXT_MAX = 1023, PERSON_ATTRIBUTES_MAX = 48 };

/* Its place in membership.h. */
struct person_member {
	struct member_person member;
	const struct person *person;
};

/* Belongs to the mirror (known.h). */
struct person {
	uint8_t uuid[UUID_SIZE];
	uint8_t digest[DN_DIGEST_SIZE]; /* of its record: where it is another one, something has changed */
	uint8_t dn[DN_DIGEST_SIZE];	/* of its entry's name */
	bool locked;
	char *local; /* prepared */
	char *name;  /* that others see; may be empty */
	struct person_member *in_groups; /* sharing.h makes and frees it; NULL: it can be in none */
};

/* How entries are read; never changes. */
struct person_source {
	const struct directory *directory;
	struct profile_map *profile; /* NULL: it makes none */
	const char *attributes[PERSON_ATTRIBUTES_MAX + 1]; /* those that are asked for, NULL-terminated */
	size_t nattributes;
	uint8_t digest[DN_DIGEST_SIZE]; /* of all that decides what is read, and of which entries */
};

/* Takes over the map, which may be NULL.  BH_ECONFIG: it wants too many attributes. */
int person_source_init(struct person_source *s, const struct directory *directory, struct profile_map *profile);
void person_source_fini(struct person_source *s);

/* Its texts are borrowed, and empty where there is none. */
struct person_record {
	struct entry_record entry;
	bool locked;
	struct str local; /* as the directory has it */
	struct str name, first, last, email;
	struct str profile; /* XML */
};

/* arg: the struct person_source. */
void person_read(const void *arg, const struct direntry *entry, struct buf *out);
bool person_take(struct str record, struct person_record *out);

void person_fini(struct person *p);
/* All but its address and lock, of which the mirror knows what follows (fate.h). */
void person_set(struct person *p, const struct person_record *r);
/* The columns of ENTRY_PUT from uuid to digest. */
void person_write(struct store_tx *tx, const struct person *p);
/* What is not in memory. */
void person_write_profile(struct store_tx *tx, const char *directory, const struct person *p, const struct person_record *r);
/* Out of a row of ENTRIES_GET; its uuid, local part and lock are there. */
void person_load(struct person *p, const struct store_rows *row);

#endif
