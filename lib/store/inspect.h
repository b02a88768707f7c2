/*
 * inspect - whether the file of a store is in order, while its owner works with it
 *
 * Nothing is changed: the file is opened to be read only.
 */
#ifndef BH_STORE_INSPECT_H
#define BH_STORE_INSPECT_H

#include <stdint.h>

struct store_state {
	int64_t version; /* of the schema */
	int64_t bytes;
	char why[256]; /* what is wrong with it */
};

/* A quick look, and a thorough one, which reads everything.  0: it is in order.  -ENOENT: there is none.  BH_EIO: it is
 * damaged, or cannot be read. */
int store_inspect(const char *path, struct store_state *out);
int store_examine(const char *path, struct store_state *out);

#endif
