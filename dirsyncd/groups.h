/*
 * groups - the groups of one directory, as it told us of them
 *
 * Like the mirror of its people (mirror.h): followed by a thread of its own, by entryUUID, kept in the store with the
 * cookie that it goes up to.
 */
#ifndef DIRSYNCD_GROUPS_H
#define DIRSYNCD_GROUPS_H

#include "directory/directory.h"
#include "dirsyncd/dirsyncd.h"
#include "dirsyncd/group.h"
#include "dirsyncd/progress.h"

struct groups;

struct groups_spec {
	struct dirsyncd *owner;
	struct directory *directory;
	struct membership *membership; /* where they are put; outlives it */
	/* It has been put there: it is new, or something about it has changed; renamed: its name, or its entry's. */
	void (*there)(void *arg, struct group *g, bool renamed);
	/* It has been dropped, and is freed after the call. */
	void (*gone)(void *arg, struct group *g);
	/* All have been told, once. */
	void (*read)(void *arg);
	void *arg;
};

/* The source lives until they are stopped.  They are read from the store; then their follower starts. */
struct groups *groups_start(const struct groups_spec *spec, const struct group_source *source);
/* Each of them goes; then done is called. */
void groups_stop(struct groups **g, void (*done)(void *arg), void *arg);

const struct progress *groups_progress(const struct groups *all);
size_t groups_count(const struct groups *all);
/* It is looked what has changed, now; anew: as if nothing were known. */
void groups_again(struct groups *all, bool anew);

void groups_each(const struct groups *all, void (*each)(void *arg, struct group *g), void *arg);

#endif
