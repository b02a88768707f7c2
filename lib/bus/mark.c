/* The packed lists. */
#include "bus/mark.h"

#include "bus/wire.h"

void mark_put(struct buf *out, const struct mark *m)
{
	uint8_t *at = buf_room(out, MARK_SIZE);
	struct wire_writer w;

	if (at == NULL)
		return;
	w = (struct wire_writer){at, at + MARK_SIZE, false};
	wire_put_u64(&w, m->subject);
	wire_put_u64(&w, m->n);
	buf_commit(out, MARK_SIZE);
}

void target_put(struct buf *out, const struct target *t)
{
	uint8_t *at = buf_room(out, TARGET_SIZE);
	struct wire_writer w;

	if (at == NULL)
		return;
	w = (struct wire_writer){at, at + TARGET_SIZE, false};
	wire_put_u64(&w, t->subject);
	wire_put_u32(&w, t->epoch);
	wire_put_u64(&w, t->n);
	buf_commit(out, TARGET_SIZE);
}

void accepted_put(struct buf *out, const struct accepted *a)
{
	uint8_t *at = buf_room(out, ACCEPTED_SIZE);
	struct wire_writer w;

	if (at == NULL)
		return;
	memcpy(at, a->session.b, sizeof a->session.b);
	memcpy(at + 16, a->origin.b, sizeof a->origin.b);
	w = (struct wire_writer){at + 32, at + ACCEPTED_SIZE, false};
	wire_put_u64(&w, a->number);
	wire_put_u32(&w, a->branch);
	buf_commit(out, ACCEPTED_SIZE);
}

/* The first n bytes of the list, taken off it; NULL when there are fewer. */
static const uint8_t *take(struct str *list, uint32_t n)
{
	const uint8_t *p = (const uint8_t *)list->p;

	if (list->len < n)
		return NULL;
	list->p += n;
	list->len -= n;
	return p;
}

bool mark_take(struct str *list, struct mark *m)
{
	const uint8_t *p = take(list, MARK_SIZE);

	if (p == NULL)
		return false;
	m->subject = wire_u64_at(p);
	m->n = wire_u64_at(p + 8);
	return true;
}

bool target_take(struct str *list, struct target *t)
{
	const uint8_t *p = take(list, TARGET_SIZE);

	if (p == NULL)
		return false;
	t->subject = wire_u64_at(p);
	t->epoch = wire_u32_at(p + 8);
	t->n = wire_u64_at(p + 12);
	return true;
}

bool accepted_take(struct str *list, struct accepted *a)
{
	const uint8_t *p = take(list, ACCEPTED_SIZE);

	if (p == NULL)
		return false;
	*a = (struct accepted){.number = wire_u64_at(p + 32), .branch = wire_u32_at(p + 40)};
	memcpy(a->session.b, p, sizeof a->session.b);
	memcpy(a->origin.b, p + 16, sizeof a->origin.b);
	return true;
}
