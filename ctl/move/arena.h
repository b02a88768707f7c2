/*
 * arena - memory for what a file is parsed into: taken piece by piece, freed as a whole
 */
#ifndef CTL_MOVE_ARENA_H
#define CTL_MOVE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t size, max; /* in bytes */
};

#define ARENA_INIT(bytes) ((struct arena){.max = (bytes)})

/* Zeroes, aligned for anything; NULL where there is no memory, or where it would be more than max. */
void *arena_take(struct arena *a, size_t size);
/* Wipes it. */
void arena_fini(struct arena *a);

#endif
