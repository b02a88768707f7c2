/*
 * membership - who is in which group, also by way of groups in groups
 *
 * Accounts and groups are known by the digests of their names (dn.h), accounts by that of their user name as well
 * (membership_user(); memberUid of RFC 2307).  A group has a list of such digests: of accounts, of groups, or of nobody
 * yet.  Groups may contain each other in circles.
 *
 * Invariant: whenever what a group contains may have become different, or an account in it, the group and every group
 * that contains it are touched, once each.  Only those are visited.
 */
#ifndef DIRSYNCD_MEMBERSHIP_H
#define DIRSYNCD_MEMBERSHIP_H

#include "base/map.h"
#include "base/str.h"
#include "directory/dn.h"

struct membership;
struct mention;

/* Where something stands in an index. */
struct place {
	struct map_node node; /* node.key is NULL where it stands in none */
	uint8_t key[DN_DIGEST_SIZE];
};

/* An account's part here, and a group's: both stand in what the caller owns, zeroed at first. */
struct member_person {
	struct place by_dn, by_user;
	uint64_t seen;
};
struct member_group {
	struct place by_dn;
	struct mention *members;
	size_t n;
	uint64_t seen;
	struct member_group *next; /* to be looked at */
	struct member_group *via;  /* of membership_groups() */
};

/* touched() is called from within what changes something; it changes nothing here. */
struct membership *membership_create(void (*touched)(void *arg, struct member_group *g), void *arg);
/* Everybody has been dropped before. */
void membership_free(struct membership **m);

/* An account is there, or something about it has changed. */
void membership_put_person(
	struct membership *m, struct member_person *p, const uint8_t dn[DN_DIGEST_SIZE], struct str user);
/* It is gone, or may not be used.  Nothing where it was not there. */
void membership_drop_person(struct membership *m, struct member_person *p);

struct member_list {
	const uint8_t *digests; /* n of DN_DIGEST_SIZE bytes */
	size_t n;
};
/* A group is there, or something about it has changed.  BH_ENOMEM: it is there without members. */
int membership_put_group(struct membership *m, struct member_group *g, const uint8_t dn[DN_DIGEST_SIZE], struct member_list members);
void membership_drop_group(struct membership *m, struct member_group *g);

/* Calls each for every account that is in the group, once.  false: there are more than max; it then stopped. */
bool membership_each(struct membership *m, struct member_group *g, size_t max,
	void (*each)(void *arg, struct member_person *p), void *arg);

/* Calls each for every group that the account is in, once.  Nothing where it was not put.  Until something changes, via
 * is the group by way of which it is in that one; NULL: it stands in its list itself. */
void membership_groups(struct membership *m, const struct member_person *p,
	void (*each)(void *arg, struct member_group *g), void *arg);

/* What stands for a user name, in prepared form, in a list of members. */
void membership_user(struct str user, uint8_t out[DN_DIGEST_SIZE]);

#endif
