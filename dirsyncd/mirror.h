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
#include "dirsyncd/known.h"
#include "dirsyncd/progress.h"

/* Takes over the directory and the map (profile_map.h; may be NULL).  NULL: profiles are made of too many attributes.
 * mirror_load(): it is read from the store; then its follower starts. */
struct mirror *mirror_create(struct dirsyncd *owner, struct directory *directory, struct profile_map *profile);
/* A domain whose accounts it holds. */
void mirror_add_domain(struct mirror *m, const char *domain);
/* Who wants to know which accounts may be used (known_is_active()); one that the brake holds is as it was.  A person is
 * the mirror's, and lives until gone() returns. */
struct mirror_watcher {
	/* It may be used: it is new, or not locked any more, or something about it is otherwise.  Also of each that the store
	 * knows. */
	void (*there)(void *arg, struct person *p);
	/* It may not be used any more, or is no more; or never could be. */
	void (*gone)(void *arg, struct person *p);
	/* All have been told, once. */
	void (*read)(void *arg);
	void *arg;
};
/* NULL: nobody, from now on. */
void mirror_watch(struct mirror *m, const struct mirror_watcher *watcher);
void mirror_load(struct mirror *m);
/* Its follower ends; then it is freed, and done called. */
void mirror_stop(struct mirror **m, void (*done)(void *arg), void *arg);

struct directory *mirror_directory(const struct mirror *m);
const struct knowns *mirror_knowns(const struct mirror *m);
const struct progress *mirror_progress(const struct mirror *m);
/* The i-th domain; NULL behind the last. */
const char *mirror_domain(const struct mirror *m, size_t i);
/* Has all of it been read, once, by us or by one before us? */
bool mirror_is_read(const struct mirror *m);

/* Once a second, while there is a link: data that have been kept long enough go. */
void mirror_tick(struct mirror *m);
/* Lets those go that the brake holds.  How many there were. */
size_t mirror_accept(struct mirror *m);
/* It looks what has changed, now; anew: as if nothing were known. */
void mirror_again(struct mirror *m, bool anew);

#endif
