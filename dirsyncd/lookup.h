/*
 * lookup - one account, as the directory has it now, and as we know it
 */
#ifndef DIRSYNCD_LOOKUP_H
#define DIRSYNCD_LOOKUP_H

#include "base/buf.h"
#include "directory/connection.h"
#include "dirsyncd/mirror.h"

struct lookup {
	const struct directory *directory;
	char *filter; /* as it was sent */
	unsigned n;   /* entries that were found; the rest is of the first */
	char *dn, *user, *lock; /* of the attributes with these jobs: the value, or "-" */
	bool locked;
	struct buf others; /* a list of the names of the others */
};

/* On a thread.  0, or as dirconn_search().  lookup_fini() in any case. */
int lookup(struct dirconn *c, struct str local, struct lookup *out, char *why);
void lookup_fini(struct lookup *l);
/* Who can log in, and why not. */
const char *lookup_verdict(const struct lookup *l);

/* What the mirror knows of it; that may be NULL. */
enum { LOOKUP_STANDING_SIZE = 192 };
void lookup_standing(const struct mirror *m, struct str local, char out[LOOKUP_STANDING_SIZE]);

#endif
