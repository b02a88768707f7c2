/*
 * sharing - what routerd is told of the groups of one directory (GROUPS, GROUP, GROUP_GONE)
 *
 * Each group is told for each domain of the directory, under an id made of directory, domain and entryUUID.  Groups that
 * show nothing, give no role and are shown nothing are not told of at all.  Nothing is told before people and groups
 * have both been read once, by us or by one before us.
 *
 * What has changed is told 20 ms later, in turns of 20 ms: in a turn as many groups as have 8,000 members (or one that
 * has more).  A group is told of again only after 1 ms for every 40 of its members: one of 10,000 four times a second
 * at most.
 */
#ifndef DIRSYNCD_SHARING_H
#define DIRSYNCD_SHARING_H

#include "bus/link.h"
#include "dirsyncd/dirsyncd.h"
#include "dirsyncd/mirror.h"
#include "dirsyncd/rules.h"

struct groups;
struct sharing;

/* Of the i-th directory, whose mirror it watches; the mirror has its domains already, and is loaded after
 * sharing_start().  Takes over the rules. */
struct sharing *sharing_create(struct dirsyncd *owner, struct mirror *mirror, size_t i, struct rules *rules);
void sharing_start(struct sharing *s);
/* Before its mirror stops.  It looks at it no more; done comes later. */
void sharing_stop(struct sharing **s, void (*done)(void *arg), void *arg);

/* NULL where none are looked at. */
struct groups *sharing_groups(const struct sharing *s);

/* Rows, key and value: in which groups that one is, and what follows from it; NULL: it is nobody that we know. */
void sharing_explain(const struct sharing *s, const struct person *p, struct answer *a);

/* There is a new link: routerd hears of everything. */
void sharing_on_link(struct sharing *s);

/* GROUP_GET, for whichever has the group; its owner is the struct dirsyncd. */
bus_handler_fn sharing_on_group_get;

#endif
