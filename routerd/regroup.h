/*
 * regroup - a group becomes another: it is new, has other members, looks otherwise, or goes
 *
 * First its new members are named, one by one; then regroup_left() finds who is not among them; regroup_renew() draws
 * the versions; and when all that is stored regroup_apply() makes it so.  Until regroup_free() both is known, how it was and how it is, so that whoever sees something
 * else can be told one after another.  One at a time: from regroup_apply() on it is people.change.
 */
#ifndef ROUTERD_REGROUP_H
#define ROUTERD_REGROUP_H

#include "routerd/people.h"
#include "routerd/sight.h"

/* A person who gets another name. */
struct renaming {
	struct person *person;
	char *name;
};

struct regroup {
	struct people *people;
	struct group *group;
	struct group_look look;	     /* as it will look; after regroup_apply(), as it looked */
	struct ptrs members;	     /* as they will be */
	struct ptrs added, removed;  /* struct person */
	struct ptrs renamed;	     /* struct renaming */
	struct ptrs renewed;	     /* struct group: those that get another version */
	bool relooked; /* another look, but for roles */
};

/* It takes over what the look has. */
struct regroup *regroup_create(struct people *p, struct group *g, struct group_look *look);

/* Somebody is in it, with that display name.  true: he was not known, and has been added to the persons. */
bool regroup_member(struct regroup *rg, struct str bare, struct str name, struct person **who);
/* Looks at up to `most` of its old members from the at-th on; true: there are no more. */
bool regroup_left(struct regroup *rg, uint32_t *at, uint32_t most);
/* Nothing would be different. */
bool regroup_is_nothing(const struct regroup *rg);
/* Draws the versions (group.next_version) of all groups in which something is different. */
void regroup_renew(struct regroup *rg);
void regroup_apply(struct regroup *rg);

/* One that was applied in an earlier run (sharing_store.c): its look is as it was, and added, removed and renamed say who
 * was. */
void regroup_was_renamed(struct regroup *rg, struct person *m);
void regroup_again(struct regroup *rg);

/* ---- after regroup_apply() ---- */

/* All who are present and may see something else, or whose roles may be others; and more. */
void regroup_each_viewer(struct regroup *rg, sight_present_fn *each, void *arg);
/* Those who look otherwise to him. */
typedef void regroup_contact_fn(void *arg, struct person *m, struct sight_change change);
void regroup_each_contact(struct regroup *rg, struct viewer v, regroup_contact_fn *each, void *arg);
/* May somebody have seen him who does not now? */
bool regroup_touches(const struct regroup *rg, const struct person *m);

/* It is over.  Calls gone(arg, id) for each person whom nothing keeps any more, just before he is freed. */
void regroup_free(struct regroup **rg, void (*gone)(void *arg, uint32_t id), void *arg);

#endif
