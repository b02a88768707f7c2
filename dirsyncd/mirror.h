/*
 * mirror - the accounts of one directory, as it told us of them
 *
 * By entryUUID: who is renamed is the same one, under another address.  What changes is written to the store together
 * with the cookie that goes up to it, so that nothing is missed when we end in between.
 */
#ifndef DIRSYNCD_MIRROR_H
#define DIRSYNCD_MIRROR_H

#include "directory/directory.h"
#include "dirsyncd/dirsyncd.h"
#include "dirsyncd/person.h"

/* Takes over the directory and the map (profile_map.h; may be NULL).  NULL: profiles are made of too many attributes.
 * mirror_load(): it is read from the store; then its follower starts. */
struct mirror *mirror_create(struct dirsyncd *owner, struct directory *directory, struct profile_map *profile);
/* A domain whose accounts it holds. */
void mirror_add_domain(struct mirror *m, const char *domain);
/* Who wants to know which accounts may be used.  A person is the mirror's, and lives until gone() returns. */
struct mirror_watcher {
	/* It may be used: it is new, or not locked any more, or its local part, its name that others see or its entry's name
	 * (dn_digest: DN_DIGEST_SIZE bytes) is another one.  Also of each that the store knows. */
	void (*there)(void *arg, struct person *p, const uint8_t *dn_digest);
	/* It may not be used any more, or is no more. */
	void (*gone)(void *arg, struct person *p);
	/* All have been told, once. */
	void (*read)(void *arg);
	void *arg;
};
/* NULL: nobody, from now on. */
void mirror_watch(struct mirror *m, const struct mirror_watcher *watcher);
void mirror_load(struct mirror *m);
/* The i-th domain; NULL after the last. */
const char *mirror_domain(const struct mirror *m, size_t i);
struct directory *mirror_directory(const struct mirror *m);
/* Has all of it been read, once, by us or by one before us? */
bool mirror_is_read(const struct mirror *m);
/* Its follower ends; then it is freed, and done called. */
void mirror_stop(struct mirror **m, void (*done)(void *arg), void *arg);

#endif
