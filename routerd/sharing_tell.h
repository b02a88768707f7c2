/*
 * sharing_tell - those who are present hear what has changed in their rosters, and see who is there
 *
 * One account after another, each when its own changes are in the store: so that nothing older comes after it.  Of
 * several pushes only the last has a version that a client may come back with.  An account whose front end cannot take
 * more at the moment is passed over, and comes last.
 */
#ifndef ROUTERD_SHARING_TELL_H
#define ROUTERD_SHARING_TELL_H

#include "routerd/sharing_task.h"

struct tell;

enum tell_step {
	TELL_MORE,  /* in the next turn */
	TELL_WAIT,  /* when somebody calls sharing_go_on() */
	TELL_LATER, /* in a few milliseconds */
	TELL_DONE,
};

/* The regroup has been applied; it outlives this. */
struct tell *tell_create(struct sharing *s, struct regroup *rg);
void tell_free(struct tell **tell);
enum tell_step tell_go_on(struct tell *tell);
/* All pushes are in the front ends' memory, or in the store. */
bool tell_is_held(const struct tell *tell);
/* How many accounts have been told of something. */
unsigned tell_count(const struct tell *tell);

#endif
