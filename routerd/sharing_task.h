/*
 * sharing_task - a group's change on its way (sharing.h)
 *
 * One task after another, and each by stages: the new members are read, held against the old ones, stored, and told.
 * A turn of the loop is worked on for no more than two milliseconds.
 */
#ifndef ROUTERD_SHARING_TASK_H
#define ROUTERD_SHARING_TASK_H

#include <uv.h>

#include "base/buf.h"
#include "routerd/regroup.h"
#include "routerd/router.h"

struct tell;

struct sharing {
	struct router *router;
	struct people people;
	struct list tasks;  /* struct task, the first is under way */
	struct map unbegun; /* those that have not begun, by the group's id */
	size_t queued;	    /* bytes that they take */
	struct buf unasked; /* ids of groups that dirsyncd is to be asked for */
	uv_timer_t timer;  /* the next turn's work */
	bool open;
	bool waiting; /* until somebody calls sharing_go_on() */
	uint64_t until_ns; /* of this turn */
	uint64_t list;	   /* the number of the list of groups that is being read, or was last */
	char *listed;	   /* its directory; NULL: none is being read */
	struct buf places; /* which domain has which directory */
	struct loading *loading; /* sharing_store.c */
	void (*stopped)(void *router);
};

/* What GROUP says, or that it goes. */
struct wanted {
	uint8_t id[GROUP_ID_SIZE], digest[GROUP_ID_SIZE];
	struct str directory, domain, title;
	uint8_t show, roles;
	struct str viewers, members; /* ids; a list of texts */
	unsigned nmembers;
	bool gone;
};

struct task {
	struct list link;
	struct map_node node; /* in sharing.unbegun, until it begins */
	bool begun;
	struct sharing *sharing;
	struct wanted wanted; /* in text */
	struct buf text;
	unsigned stage;
	struct str rest; /* of the members: not read yet */
	uint32_t at;	 /* old members that have been looked at */
	struct regroup *regroup;
	struct tell *tell;
};

/* It waits for its turn.  Another one of that group that has not begun goes. */
void sharing_want(struct sharing *s, const struct wanted *wanted);
void sharing_want_gone(struct sharing *s, const struct group *g);
/* Those of a directory that have not begun go. */
void sharing_forget_wanted(struct sharing *s, struct str directory);
/* A change of an earlier run, of which not everybody may have been told. */
void sharing_want_told(struct sharing *s, struct regroup *rg);

/* The group that becomes another just now; NULL: none does, or it goes. */
struct group *sharing_under_way(const struct sharing *s);

/* The time of this turn is over. */
bool sharing_is_late(const struct sharing *s);
/* In the next turn it goes on. */
void sharing_go_on(struct sharing *s);
/* There is room for what dirsyncd would answer: it is asked for some more. */
void sharing_ask(struct sharing *s);

void sharing_tasks_free(struct sharing *s);

/* The domain is ours, and has that directory. */
bool sharing_has_place(const struct router *r, struct str directory, struct str domain);

#endif
