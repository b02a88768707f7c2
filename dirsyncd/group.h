/*
 * group - a group of a directory
 *
 * group_read() makes a record of an entry, on the follower's thread; group_take() takes it apart on the loop.
 */
#ifndef DIRSYNCD_GROUP_H
#define DIRSYNCD_GROUP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/list.h"
#include "conf/conf.h"
#include "directory/group_schema.h"
#include "directory/sync.h"
#include "dirsyncd/entry_record.h"
#include "dirsyncd/membership.h"
#include "store/store.h"

enum {
	GROUP_MEMBERS_MAX = 200000, /* in its own list */
	GROUP_NAME_MAX = 1023,
};

struct rule;
struct told_group;

/* Belongs to groups.h. */
struct group {
	struct map_node node; /* by uuid */
	uint8_t uuid[UUID_SIZE];
	uint8_t digest[DN_DIGEST_SIZE]; /* of its record */
	unsigned refresh;		/* that it was told of in */
	bool cut; /* its list is longer than GROUP_MEMBERS_MAX, or not all of it: nobody knows who is in it */
	char *name;			/* empty: it has none that could be shown */
	struct member_group member;	/* of membership.h */
	/* Of sharing.h: */
	const struct rule *rule;
	char *folded;
	struct told_group *told; /* one for each domain; NULL: routerd need not know of it */
	struct list changed;
	uint64_t not_before_ms;
	bool large; /* too large to be shown, and that was said */
};

/* Which entries are groups, and how they are read; never changes. */
struct group_source {
	char *base, *filter, *name;
	const struct group_schema *schema;
	const char *attributes[5]; /* NULL-terminated */
	uint8_t digest[DN_DIGEST_SIZE]; /* of all that decides what is read, and of which entries */
};

/* Of the i-th directory.  false: no groups are looked at there. */
bool group_source_init(struct group_source *s, const struct conf *conf, size_t i);
void group_source_fini(struct group_source *s);

/* Its texts are borrowed, and empty where there is none. */
struct group_record {
	struct entry_record entry;
	struct str name;
	struct str members; /* digests, DN_DIGEST_SIZE bytes each */
	bool cut;
};

/* arg: the struct group_source. */
void group_read(const void *arg, const struct direntry *entry, struct buf *out);
bool group_take(struct str record, struct group_record *out);

/* Into the store. */
void group_write(struct store_tx *tx, const char *directory, const struct group *g, const struct group_record *r);
/* Out of a row of GROUPS_GET: the record, without complaints.  false: it is no group. */
bool group_load(const struct store_rows *row, struct group_record *out);

#endif
