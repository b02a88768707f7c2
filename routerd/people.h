/*
 * people - persons and groups, as directories say, and who of them is present
 *
 * A group has accounts of one domain in it.  Who sees them in the roster, and their presence, is what its look says
 * (sight.h tells).  Each group knows which of its members are present, so that presence costs what is present and not
 * what is in a group.  A group that another one names and that nobody has told of is kept as a name: not `there`.
 *
 * Nothing here knows of accounts, the bus or the store.  One group changes at a time (regroup.h).  How many members
 * and groups there may be is bounded before they come here (sharing.h): there is always memory.
 */
#ifndef ROUTERD_PEOPLE_H
#define ROUTERD_PEOPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "base/ptrs.h"
#include "base/str.h"
#include "bus/codes.h"

struct regroup;

enum { GROUP_ID_SIZE = 16 };

/* A domain. */
struct realm {
	struct map_node node;
	struct list present;   /* struct present: all of its accounts that have a session */
	struct ptrs everybody; /* its groups that everybody in it sees */
	char name[];
};

/* Somebody who has a session: in the owner's struct account. */
struct present {
	struct person *person; /* NULL: in no group */
	struct realm *realm;   /* NULL: not present */
	struct list in_realm;
	struct list places; /* struct place, one for each of his groups */
	uint32_t stamp;
};

/* That he is present, in one of his groups. */
struct place {
	struct list in_present, in_group;
	struct present *present;
	struct group *group;
};

/* Of one who is in the group that changes (regroup.h). */
enum moved {
	MOVED_NOT,
	MOVED_KEPT, /* named again; while the change is read */
	MOVED_IN,   /* he was not in it before */
	MOVED_OUT,  /* he was */
};

/* Somebody who is in a group, or was until a moment ago. */
struct person {
	struct map_node node; /* in people.persons, by jid */
	struct realm *realm;
	struct ptrs groups; /* struct group */
	struct present *present;
	char *name;	/* never NULL; may be empty */
	uint32_t id;	/* in the store */
	uint32_t stamp; /* of the last walk that met him */
	uint8_t moved;	/* enum moved */
	bool renamed;	/* by the change that goes on */
	char jid[];	/* bare */
};

/* Who sees the members of a group, and what they may do. */
struct group_look {
	bool there;
	uint8_t show;  /* enum group_show */
	uint8_t roles; /* set of enum account_role */
	char *title;   /* never NULL */
	struct ptrs viewers; /* struct group, with GROUP_SHOW_GROUPS: their members see it, too */
};

struct group {
	struct map_node node; /* in people.groups, by id */
	uint8_t id[GROUP_ID_SIZE];
	uint8_t digest[GROUP_ID_SIZE];
	uint64_t version; /* another one whenever something in it is different, a name included */
	uint64_t next_version; /* 0, or what it will be (regroup.h) */
	struct realm *realm;
	char *directory;
	struct group_look look;
	struct ptrs members; /* struct person */
	struct ptrs shown;   /* struct group: those that its members see because it is one of their viewers */
	struct list present; /* struct place */
	uint64_t named;	     /* the last list of groups with this one in it (sharing_bus.c) */
};

struct people {
	struct map persons, groups, realms;
	uint32_t last_id; /* of persons */
	uint32_t stamp;
	uint64_t members; /* in all groups together */
	struct regroup *change; /* the group that changes just now, or NULL */
	/* The one of that address, if he is present. */
	struct present *(*present_of)(void *owner, struct str bare);
	void *owner;
};

void people_init(struct people *p, struct present *(*present_of)(void *owner, struct str bare), void *owner);
void people_fini(struct people *p);

/* The domain, which is made where it is not known. */
struct realm *people_realm(struct people *p, struct str name);

struct person *people_find(const struct people *p, struct str bare);
/* A new one, who is not there yet; id 0: the next. */
struct person *people_add(struct people *p, struct str bare, struct str name, uint32_t id);
struct str person_jid(const struct person *m);
void person_rename(struct person *m, struct str name);
/* He goes, unless he is in a group.  true: he has gone. */
bool people_drop(struct people *p, struct person *m);

struct group *people_group_find(const struct people *p, const uint8_t id[GROUP_ID_SIZE]);
/* The group, which is a mere name where it is not known. */
struct group *people_group(struct people *p, const uint8_t id[GROUP_ID_SIZE]);
/* It goes, unless it is there or is named by another. */
void people_group_drop(struct people *p, struct group *g);
/* It looks otherwise from now on; takes over title and viewers.  What it looked like before is the caller's to free. */
void group_look(struct group *g, const struct group_look *look);
void group_look_fini(struct group_look *look);

/* The person's side: that he is in the group, is present there.  The group's list of members is the caller's to set. */
void group_join(struct group *g, struct person *m);
void group_leave(struct group *g, struct person *m);
/* Both sides: of a group that is read from the store. */
void people_member(struct people *p, struct group *g, struct person *m);

/* An account has its first session, or has lost its last. */
void people_arrive(struct people *p, struct present *who, struct str bare);
void people_depart(struct present *who);

#endif
