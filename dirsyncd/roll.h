/*
 * roll - the accounts that are in a group, as routerd is told of them
 *
 * In the order of their addresses, each once: so it does not depend on the order in which anything was heard of.
 */
#ifndef DIRSYNCD_ROLL_H
#define DIRSYNCD_ROLL_H

#include "base/buf.h"
#include "dirsyncd/membership.h"

struct roll {
	struct buf people; /* const struct person *, borrowed */
	size_t n;
};

/* Out of an empty one.  false: there are more than max, or there is no memory. */
bool roll_call(struct roll *r, struct membership *m, struct member_group *g, size_t max);
/* Appends GROUP.members, for that domain. */
void roll_put(const struct roll *r, const char *domain, struct buf *out);
void roll_fini(struct roll *r);

#endif
