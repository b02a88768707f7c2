/*
 * known - the accounts of one directory that we know, by entryUUID and by name
 *
 * Two entries of one name are no account that anybody can use (authd).  The first that had it keeps it; when that
 * goes, the next one has it.
 */
#ifndef DIRSYNCD_KNOWN_H
#define DIRSYNCD_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/str.h"
#include "directory/uuid.h"
#include "dirsyncd/person.h"

/* How it loses its name, or the use of it.  Numbers that stand in stores. */
enum going {
	GOING_NOT,
	GOING_REMOVED,
	GOING_DISABLED,
	GOING_RENAMED,
	GOING_RENAMED_DISABLED,
};

struct known {
	struct map_node by_uuid, by_name; /* the second: of the first of a name only */
	struct known *same;		  /* of the first: the next of that name, and so on */
	struct person person;
	char *becomes;			  /* while it is renamed: the other name; else NULL */
	unsigned told;	/* the refresh that it was told of in */
	unsigned found; /* the comparison (diff.c) that it was found in */
	uint32_t since; /* wall clock, s: when we first heard of it */
	uint8_t going;	/* enum going: what the directory says, and has not been done */
	bool held;	/* by the brake */
	bool first;	/* of its name */
};

struct knowns {
	struct map by_uuid, by_name;
	size_t active; /* how many of them are */
	size_t going, held;
};

struct known *knowns_find(const struct knowns *all, const uint8_t uuid[UUID_SIZE]);
/* The first of that name. */
struct known *knowns_named(const struct knowns *all, struct str local);

/* May anybody use it: does it have its name, and is it not locked? */
static inline bool known_is_active(const struct known *k)
{
	return k->first && !k->person.locked;
}

/* NULL without memory.  Whether it is the first is seen afterwards. */
struct known *knowns_add(struct knowns *all, const uint8_t uuid[UUID_SIZE], struct str local, bool locked);
void knowns_lock(struct knowns *all, struct known *k, bool locked);
/* Gives the name up, and takes another; or goes.  Who has the old name now; or NULL. */
struct known *knowns_rename(struct knowns *all, struct known *k, const char *local);
struct known *knowns_remove(struct knowns *all, struct known *k);

/* What the directory says of it; becomes may be NULL, and is copied. */
void knowns_set_going(struct knowns *all, struct known *k, enum going going, const char *becomes);
void knowns_set_held(struct knowns *all, struct known *k, bool held);

void knowns_fini(struct knowns *all);

#endif
