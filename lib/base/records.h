/*
 * records - a queue of byte strings in one buffer
 *
 * Records are added at the end and dropped from the front; each has a position that stays the same
 * while it is there.  An empty queue has no memory.
 */
#ifndef BH_RECORDS_H
#define BH_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct records {
	struct buf buf;
	size_t head;	 /* of the buffer: what is before it was dropped */
	uint64_t before; /* bytes that were dropped, and are not in the buffer any more */
};

#define RECORDS_INIT ((struct records){.buf = BUF_INIT})

void records_fini(struct records *r);

/* Adds one of that size (below 4 GiB): where its bytes go, or NULL without memory. */
void *records_add(struct records *r, size_t size);

/* The position of the first, and the position behind the last. */
static inline uint64_t records_first(const struct records *r)
{
	return r->before + r->head;
}

static inline uint64_t records_end(const struct records *r)
{
	return r->before + r->buf.len;
}

static inline bool records_empty(const struct records *r)
{
	return r->head == r->buf.len;
}

/* The record at that position, and the next position.  false at the end. */
bool records_next(const struct records *r, uint64_t *at, struct str *record);

/* Copies the first one, which is of that size.  false where there is none. */
bool records_peek(const struct records *r, void *out, size_t size);

/* Drops the first one; there must be one. */
void records_drop(struct records *r);

#endif
