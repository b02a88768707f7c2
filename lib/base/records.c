/* A queue of byte strings: a u32 length before each. */
#include "base/records.h"

#include "base/alloc.h"

enum { COMPACT_MIN = 4096 };

void records_fini(struct records *r)
{
	buf_fini(&r->buf);
	*r = RECORDS_INIT;
}

void *records_add(struct records *r, size_t size)
{
	uint32_t len = (uint32_t)size;
	uint8_t *at = buf_room(&r->buf, sizeof len + size);

	if (at == NULL) {
		r->buf.failed = false;
		return NULL;
	}
	memcpy(at, &len, sizeof len);
	buf_commit(&r->buf, sizeof len + size);
	return at + sizeof len;
}

bool records_next(const struct records *r, uint64_t *at, struct str *record)
{
	const uint8_t *p = r->buf.data + (*at - r->before);
	uint32_t len;

	if (*at >= records_end(r))
		return false;
	memcpy(&len, p, sizeof len);
	*record = str_make(p + sizeof len, len);
	*at += sizeof len + len;
	return true;
}

/* What was dropped takes half of the buffer: the rest moves, so that a byte moves once for each
 * that was dropped. */
static void compact(struct records *r)
{
	r->before += r->head;
	buf_drop(&r->buf, r->head);
	r->head = 0;
}

bool records_peek(const struct records *r, void *out, size_t size)
{
	uint64_t at = records_first(r);
	struct str record;

	if (!records_next(r, &at, &record))
		return false;
	BUG_ON(record.len != size);
	memcpy(out, record.p, size);
	return true;
}

void records_drop(struct records *r)
{
	uint64_t at = records_first(r);
	struct str gone;
	bool there = records_next(r, &at, &gone);

	BUG_ON(!there);
	r->head = (size_t)(at - r->before);
	if (records_empty(r)) {
		r->before = at;
		r->head = 0;
		buf_fini(&r->buf);
	} else if (r->head >= COMPACT_MIN && r->head * 2 >= r->buf.len) {
		compact(r);
	}
}
