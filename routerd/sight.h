/*
 * sight - who sees whom
 *
 * A viewer sees a person if that one is in a group that the viewer watches: one whose look says members, and he is one;
 * everybody, and he is of its domain; groups, and he is in it or in one of its viewers.  Nobody sees himself.
 *
 * While a group changes (people.change), everything but sight_compare(), sight_roles_before() and
 * sight_each_who_saw() is about how it is now.
 */
#ifndef ROUTERD_SIGHT_H
#define ROUTERD_SIGHT_H

#include "routerd/people.h"

struct viewer {
	const struct person *person; /* NULL: in no group */
	const struct realm *realm;   /* NULL: of no domain of ours that has groups, or anybody present */
};

struct viewer viewer_of(const struct people *p, struct str bare);

static inline struct viewer viewer_present(const struct present *who)
{
	return (struct viewer){who->person, who->realm};
}

static inline struct viewer viewer_person(const struct person *m)
{
	return (struct viewer){m, m->realm};
}

bool sight_sees(struct viewer v, const struct person *m);

/* What the change that goes on makes of m in v's eyes. */
struct sight_change {
	bool saw, sees;
	bool differs; /* in anything that a roster shows */
};
struct sight_change sight_compare(const struct people *p, struct viewer v, const struct person *m);

/* The roles of all his groups: a set of enum account_role.  And before the change that goes on, if any does. */
unsigned sight_roles(const struct person *m);
unsigned sight_roles_before(const struct people *p, const struct person *m);

/* Another number whenever anything may be different in what a roster shows of those whom he sees; 0: he watches no
 * group. */
uint64_t sight_print(struct viewer v);

/* The groups by which v sees m. */
typedef void sight_group_fn(void *arg, const struct group *g);
void sight_each_group(struct viewer v, const struct person *m, sight_group_fn *each, void *arg);

/* The groups that he watches, each once. */
void sight_each_watched(struct viewer v, sight_group_fn *each, void *arg);

/* Whom he sees, each once. */
typedef void sight_person_fn(void *arg, struct person *m);
void sight_each_seen(struct people *p, struct viewer v, sight_person_fn *each, void *arg);

/* Those who are present: whom he sees; who sees m; and who saw m before the change, and does not now.  Each once.  No
 * walk may begin within another. */
typedef void sight_present_fn(void *arg, struct present *who);
void sight_each_seen_present(struct people *p, struct viewer v, sight_present_fn *each, void *arg);
void sight_each_viewer(struct people *p, const struct person *m, sight_present_fn *each, void *arg);
void sight_each_who_saw(struct people *p, const struct person *m, sight_present_fn *each, void *arg);

/* Of one walk: whoever has been met is not met again. */
struct sight_walk {
	struct people *people;
	uint32_t stamp;
	const struct person *not;
	sight_present_fn *each;
	void *arg;
};
void sight_walk_begin(struct sight_walk *w, struct people *p);
/* Those who are present and watch the group by that look, or looked at it so before. */
void sight_walk_watchers(struct sight_walk *w, const struct group *g, const struct group_look *look);
/* Its members. */
void sight_walk_members(struct sight_walk *w, const struct group *g);
void sight_walk_one(struct sight_walk *w, struct present *who);

#endif
