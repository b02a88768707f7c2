/* Blocks in a list, the newest first. */
#include "ctl/move/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

enum { BLOCK_SIZE = 16384 };

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	max_align_t bytes[];
};

static struct arena_block *add_block(struct arena *a, size_t least)
{
	size_t room = least > BLOCK_SIZE ? least : BLOCK_SIZE;
	struct arena_block *b = room <= a->max - a->size ? malloc(sizeof *b + room) : NULL;

	if (b == NULL)
		return NULL;
	*b = (struct arena_block){.next = a->blocks, .size = room};
	a->blocks = b;
	a->size += room;
	return b;
}

void *arena_take(struct arena *a, size_t size)
{
	struct arena_block *b = a->blocks;
	void *at;

	size = (size + 15) & ~(size_t)15;
	if (b == NULL || b->size - b->used < size)
		b = add_block(a, size);
	if (b == NULL)
		return NULL;
	at = (char *)b->bytes + b->used;
	b->used += size;
	memset(at, 0, size);
	return at;
}

void arena_fini(struct arena *a)
{
	struct arena_block *next;

	for (struct arena_block *b = a->blocks; b != NULL; b = next) {
		next = b->next;
		secret_wipe(b->bytes, b->used);
		free(b);
	}
	*a = ARENA_INIT(a->max);
}
