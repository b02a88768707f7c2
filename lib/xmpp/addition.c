/* The packed list of additions: kind, length of a, a, length of b, b. */
#include "xmpp/addition.h"

#include "xmpp/pack.h"

enum { FIXED_SIZE = 9 };

void addition_put(struct buf *out, const struct addition *a)
{
	size_t size = FIXED_SIZE + (size_t)a->a.len + a->b.len;
	uint8_t *p = buf_room(out, size);

	if (p == NULL)
		return;
	*p++ = a->kind;
	p = pack_u32(p, a->a.len);
	if (a->a.len > 0)
		memcpy(p, a->a.p, a->a.len);
	p = pack_u32(p + a->a.len, a->b.len);
	if (a->b.len > 0)
		memcpy(p, a->b.p, a->b.len);
	buf_commit(out, size);
}

static bool take_text(struct str *list, struct str *text)
{
	uint32_t len;

	if (list->len < sizeof len)
		return false;
	len = unpack_u32(list->p);
	if (len > list->len - sizeof len)
		return false;
	*text = str_make(list->p + sizeof len, len);
	list->p = text->p + len;
	list->len -= (uint32_t)sizeof len + len;
	return true;
}

bool addition_take(struct str *list, struct addition *a)
{
	struct str rest = *list;

	if (rest.len == 0)
		return false;
	a->kind = (uint8_t)*rest.p;
	rest.p++;
	rest.len--;
	if (!take_text(&rest, &a->a) || !take_text(&rest, &a->b))
		return false;
	*list = rest;
	return true;
}
