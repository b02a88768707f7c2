/*
 * wire - numbers, texts and blobs as bytes of a frame
 *
 * Writer and reader never leave their bounds, and remember the first mistake: a chain of calls
 * is checked once, at its end.  What a failed reader returns is zero or absent.
 *
 * A text or blob is a u32 length and its bytes; the length WIRE_ABSENT is an absent text.
 */
#ifndef BH_WIRE_H
#define BH_WIRE_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "bus/bus.h"

#define WIRE_ABSENT 0xffffffffu

struct wire_writer {
	uint8_t *p;
	const uint8_t *end;
	bool bad;
};

struct wire_reader {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

bool wire_utf8_valid(const uint8_t *p, size_t n);

static inline uint16_t wire_u16_at(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof v);
	return be16toh(v);
}

static inline uint32_t wire_u32_at(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return be32toh(v);
}

static inline uint64_t wire_u64_at(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return be64toh(v);
}

static inline void wire_put(struct wire_writer *w, const void *p, size_t n)
{
	if ((size_t)(w->end - w->p) < n) {
		w->bad = true;
		return;
	}
	if (n > 0)
		memcpy(w->p, p, n);
	w->p += n;
}

static inline void wire_put_u8(struct wire_writer *w, uint8_t v)
{
	wire_put(w, &v, sizeof v);
}

static inline void wire_put_u16(struct wire_writer *w, uint16_t v)
{
	v = htobe16(v);
	wire_put(w, &v, sizeof v);
}

static inline void wire_put_u32(struct wire_writer *w, uint32_t v)
{
	v = htobe32(v);
	wire_put(w, &v, sizeof v);
}

static inline void wire_put_u64(struct wire_writer *w, uint64_t v)
{
	v = htobe64(v);
	wire_put(w, &v, sizeof v);
}

static inline void wire_put_id(struct wire_writer *w, const struct bus_id *id)
{
	wire_put(w, id->b, sizeof id->b);
}

/* The bytes that a text or blob takes. */
static inline size_t wire_str_size(struct str s)
{
	return sizeof(uint32_t) + (s.p != NULL ? s.len : 0);
}

static inline void wire_put_blob(struct wire_writer *w, struct str s)
{
	uint32_t len = s.p != NULL ? s.len : 0;

	wire_put_u32(w, len);
	wire_put(w, s.p, len);
}

static inline void wire_put_text(struct wire_writer *w, struct str s)
{
	if (s.p == NULL)
		wire_put_u32(w, WIRE_ABSENT);
	else
		wire_put_blob(w, s);
}

/* The next n bytes, or NULL with bad set. */
static inline const uint8_t *wire_take(struct wire_reader *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->bad || (size_t)(r->end - p) < n) {
		r->bad = true;
		return NULL;
	}
	r->p += n;
	return p;
}

static inline uint8_t wire_get_u8(struct wire_reader *r)
{
	const uint8_t *p = wire_take(r, sizeof(uint8_t));

	return p != NULL ? *p : 0;
}

static inline uint16_t wire_get_u16(struct wire_reader *r)
{
	const uint8_t *p = wire_take(r, sizeof(uint16_t));

	return p != NULL ? wire_u16_at(p) : 0;
}

static inline uint32_t wire_get_u32(struct wire_reader *r)
{
	const uint8_t *p = wire_take(r, sizeof(uint32_t));

	return p != NULL ? wire_u32_at(p) : 0;
}

static inline uint64_t wire_get_u64(struct wire_reader *r)
{
	const uint8_t *p = wire_take(r, sizeof(uint64_t));

	return p != NULL ? wire_u64_at(p) : 0;
}

struct bus_id wire_get_id(struct wire_reader *r);
/* A text (valid UTF-8, or absent) or blob of at most max bytes, borrowed from the frame. */
struct str wire_get_text(struct wire_reader *r, uint32_t max);
struct str wire_get_blob(struct wire_reader *r, uint32_t max);

/* 0 when all went well and nothing is left over, else BH_EPROTO. */
static inline int wire_end(const struct wire_reader *r)
{
	return !r->bad && r->p == r->end ? 0 : BH_EPROTO;
}

#endif
