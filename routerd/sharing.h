/*
 * sharing - rosters that are shared, and roles, by groups of directories
 *
 * dirsyncd says which groups there are (GROUP); routerd keeps them in its own store and in memory (people.h), and so
 * knows all rosters without dirsyncd.  They are read before any account is.  A change of a group is stored, then
 * made in memory, then told to those who are present, one after another (sharing_task.h): whoever asks for his roster
 * meanwhile gets it as it is by then.
 *
 * What dirsyncd may say is bounded here, and held against the configuration: a group is of a domain of ours that names
 * that directory.
 */
#ifndef ROUTERD_SHARING_H
#define ROUTERD_SHARING_H

#include <stdbool.h>

#include "bus/link.h"
#include "routerd/people.h"
#include "routerd/router.h"

struct account;
struct sharing;

enum {
	SHARING_GROUPS = 100000,     /* groups, those included that are mere names */
	SHARING_GROUP_MEMBERS = 200000,
	SHARING_MEMBERS = 10000000,  /* in all groups together */
	SHARING_VIEWERS = 1024,	     /* groups to which one is shown */
	SHARING_QUEUE = 256 * 1024 * 1024, /* bytes of changes that wait */
};

struct sharing *sharing_create(struct router *r);
/* Reads all; then done. */
void sharing_load(struct router *r, void (*done)(struct router *r, int rc));
/* The barrier opens (restore.h), and outcasts have not been ended yet: changes go on, one that was under way first. */
void sharing_open(struct router *r);
/* The configuration is another: groups go that have no place in it. */
void sharing_review(struct router *r);
/* Once a second: groups that dirsyncd has not been asked for yet. */
void sharing_tick(struct router *r);
void sharing_stop(struct router *r, void (*done)(void *router));
void sharing_free(struct sharing **sharing);

/* The account has its first session, or has lost its last. */
void sharing_arrive(struct account *a);
void sharing_depart(struct account *a);

/* Does the viewer see him by a group?  Bare JIDs, of anybody. */
bool sharing_sees(const struct router *r, struct str viewer, struct str whom);
/* The account's roles by its groups: a set of enum account_role.  And as they were when everybody was last told. */
unsigned sharing_roles(const struct router *r, struct str bare);
unsigned sharing_roles_told(const struct router *r, struct str bare);

/* Not everybody has been told of what has changed: what is pushed now is not all that there is to know. */
bool sharing_is_telling(const struct router *r);

/* Accounts with a session: who sees the account by a group; whom it sees; who saw it until the change that goes on.
 * Each once, never itself; within the call no other may begin. */
typedef void sharing_account_fn(void *arg, struct account *a);
void sharing_each_viewer(const struct account *a, sharing_account_fn *each, void *arg);
void sharing_each_seen(const struct account *a, sharing_account_fn *each, void *arg);
void sharing_each_who_saw(const struct account *a, sharing_account_fn *each, void *arg);

/* All accounts of a domain with a session. */
void sharing_each_present(const struct router *r, struct str domain, sharing_account_fn *each, void *arg);

/* The persons themselves, for rosters (roster_view.h). */
struct people *sharing_people(const struct router *r);

bus_handler_fn on_groups, on_group, on_group_gone;

#endif
