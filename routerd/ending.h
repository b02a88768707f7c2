/*
 * ending - accounts that end: erased (erase.h), purged (purge.h), or gone on under another name (rename.h)
 *
 * One after the other, in the order in which we heard of them: an address that somebody else has taken was left
 * before.
 */
#ifndef ROUTERD_ENDING_H
#define ROUTERD_ENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/str.h"
#include "routerd/router.h"

struct account;
struct ending;

/* Goes on with it, as far as it can; true: it is over. */
typedef bool ending_fn(struct ending *e);

struct ending {
	struct list link; /* in router.endings, the first is under way */
	struct router *router;
	ending_fn *run;
	char *name, *other_name; /* bare JIDs; the second may be NULL */
	struct account *account, *other; /* of these names, kept in memory; NULL before they are wanted */
	uint64_t before;   /* wall clock, us: an account that was made later is somebody else's */
	uint64_t begun_ms; /* 0: it has not begun */
	bool made;	   /* the other was */
	uint64_t asked;    /* the administrator's request (requests.h) that this answers; 0: none */
};

/* Takes its place behind those that are under way; other may be absent. */
struct ending_spec {
	ending_fn *run;
	struct str name, other;
	uint64_t before, asked;
};
void ending_begin(struct router *r, const struct ending_spec *spec);
/* Is it still that account?  It is loaded. */
bool ending_is_meant(const struct ending *e);
/* false: it is not loaded yet, and run is called again when it is. */
bool ending_ready(struct ending *e, struct account *a);

/* Once a second: those that wait for something else look again. */
void endings_tick(struct router *r);
void endings_free(struct router *r);

#endif
