/*
 * sharing_private - what is told of groups, inside; sharing*.c only
 */
#ifndef DIRSYNCD_SHARING_PRIVATE_H
#define DIRSYNCD_SHARING_PRIVATE_H

#include <uv.h>

#include "dirsyncd/groups.h"
#include "dirsyncd/rules.h"
#include "dirsyncd/sharing.h"

/* A group, for one domain. */
struct told_group {
	struct map_node node; /* in sharing.ids */
	struct bus_id id, digest;
	struct group *group;
	bool known;  /* the digest is set: routerd hears of it */
	bool wanted; /* routerd has asked */
};

struct sharing {
	struct dirsyncd *owner;
	struct mirror *mirror;
	struct directory *directory;
	char **domains;
	size_t ndomains;
	struct rules *rules;
	size_t most; /* members of a group that is shown */
	struct group_source source;
	bool looks; /* at groups: else there are none */
	struct membership *membership;
	struct groups *groups;
	struct map ids;
	struct list changed; /* struct group */
	bool people_read, groups_read;
	bool renamed; /* groups are called otherwise, have come or gone: whom others show themselves to */
	bool told;    /* all of them, on the present link */
	bool started, stopping;
	uv_timer_t timer;
	void (*done)(void *arg);
	void *done_arg;
};

/* NULL: there is none. */
struct link *sharing_link(const struct sharing *s);

/* Finds out how the group is called and which rule is its. */
void sharing_set_name(struct sharing *s, struct group *g);
/* As rules know it, from then on. */
struct group_name sharing_name(const struct group *g);
/* Does routerd need to know of it?  From now on it has ids, or has none: then routerd is told that it is gone. */
void sharing_admit(struct sharing *s, struct group *g);
void sharing_retire(struct sharing *s, struct group *g);
/* Tells how it is now, where that is new to routerd or wanted.  How many members were looked at. */
size_t sharing_tell(struct sharing *s, struct group *g);

#endif
