/* Data of an account in one blob. */
#include "bus/user_data.h"

#include "bus/wire.h"

enum { FIXED = 2 + 8 };

void user_datum_put(struct buf *out, const struct user_datum *d)
{
	size_t size = FIXED + wire_str_size(d->jid) + wire_str_size(d->name) + wire_str_size(d->more) +
		      wire_str_size(d->xml);
	uint8_t *at = buf_room(out, size);
	struct wire_writer w = {at, at + size, false};

	if (at == NULL)
		return;
	wire_put_u8(&w, d->kind);
	wire_put_u8(&w, d->flags);
	wire_put_u64(&w, (uint64_t)d->time);
	wire_put_text(&w, d->jid);
	wire_put_text(&w, d->name);
	wire_put_text(&w, d->more);
	wire_put_text(&w, d->xml);
	buf_commit(out, size);
}

/* A textlist and an envelope are no UTF-8 as a whole: their own readers judge them. */
static struct str take_bytes(struct wire_reader *r)
{
	bool absent = r->end - r->p >= 4 && wire_u32_at(r->p) == WIRE_ABSENT;

	if (!absent)
		return wire_get_blob(r, UINT32_MAX - 1);
	(void)wire_get_u32(r);
	return STR_NONE;
}

bool user_datum_take(struct str *list, struct user_datum *d)
{
	struct wire_reader r = {(const uint8_t *)list->p, (const uint8_t *)list->p + list->len, false};

	if (list->len == 0)
		return false;
	d->kind = wire_get_u8(&r);
	d->flags = wire_get_u8(&r);
	d->time = (int64_t)wire_get_u64(&r);
	d->jid = wire_get_text(&r, UINT32_MAX - 1);
	d->name = wire_get_text(&r, UINT32_MAX - 1);
	d->more = take_bytes(&r);
	d->xml = take_bytes(&r);
	if (r.bad)
		return false;
	*list = str_make(r.p, (size_t)(r.end - r.p));
	return true;
}
