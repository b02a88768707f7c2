/*
 * buf - a growable run of bytes that the caller owns
 *
 * Invariant: len <= cap; data is NULL exactly when cap is 0.  A put that cannot get its
 * memory sets failed and adds nothing; so a chain of puts is checked once, at its end,
 * with buf_failed().  Growth doubles; limits are the caller's business and are checked
 * before the put.
 */
#ifndef BH_BUF_H
#define BH_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

struct buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	bool failed;
};

#define BUF_INIT ((struct buf){0})

/* Frees the memory; the buffer is empty and usable again. */
void buf_fini(struct buf *b);
/* The same, with the bytes wiped first. */
void buf_fini_secret(struct buf *b);

/* Room for n more bytes: where they go, or NULL with failed set.  buf_commit() adds them. */
uint8_t *buf_grow(struct buf *b, size_t n);

static inline uint8_t *buf_room(struct buf *b, size_t n)
{
	return b->cap - b->len >= n && b->data != NULL ? b->data + b->len : buf_grow(b, n);
}

static inline void buf_commit(struct buf *b, size_t n)
{
	b->len += n;
}

static inline void buf_put(struct buf *b, const void *p, size_t n)
{
	uint8_t *at = buf_room(b, n);

	if (at != NULL && n > 0) {
		memcpy(at, p, n);
		b->len += n;
	}
}

static inline void buf_put_str(struct buf *b, struct str s)
{
	buf_put(b, s.p, s.len);
}

#define buf_put_lit(b, text) buf_put((b), "" text, sizeof(text) - 1)

static inline void buf_put_byte(struct buf *b, uint8_t byte)
{
	buf_put(b, &byte, 1);
}

/* printf into the buffer. */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline bool buf_failed(const struct buf *b)
{
	return b->failed;
}

static inline struct str buf_str(const struct buf *b)
{
	return (struct str){b->data != NULL ? (const char *)b->data : "", (uint32_t)b->len};
}

/* Empties it and keeps the memory. */
static inline void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

/* Removes the first n bytes (n <= len). */
void buf_drop(struct buf *b, size_t n);

#endif
