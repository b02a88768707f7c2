/* Reading ids, texts and blobs, and the check of UTF-8. */
#include "bus/wire.h"

/* What may follow a lead byte: how many bytes, and the bounds of the first of them (they keep
 * out overlong forms, surrogates, and what is above U+10FFFF: RFC 3629, section 4). */
struct utf8_lead {
	uint8_t from, to, more, low, high;
};

static const struct utf8_lead leads[] = {
	{0xc2, 0xdf, 1, 0x80, 0xbf},
	{0xe0, 0xe0, 2, 0xa0, 0xbf},
	{0xe1, 0xec, 2, 0x80, 0xbf},
	{0xed, 0xed, 2, 0x80, 0x9f},
	{0xee, 0xef, 2, 0x80, 0xbf},
	{0xf0, 0xf0, 3, 0x90, 0xbf},
	{0xf1, 0xf3, 3, 0x80, 0xbf},
	{0xf4, 0xf4, 3, 0x80, 0x8f},
};

static const struct utf8_lead *find_lead(uint8_t byte)
{
	for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++)
		if (byte >= leads[i].from && byte <= leads[i].to)
			return &leads[i];
	return NULL;
}

/* The length of the character of several bytes at p, 0 if it is none. */
static size_t char_size(const uint8_t *p, size_t n)
{
	const struct utf8_lead *lead = find_lead(*p);

	if (lead == NULL || n <= lead->more || p[1] < lead->low || p[1] > lead->high)
		return 0;
	for (size_t i = 2; i <= lead->more; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return lead->more + 1u;
}

bool wire_utf8_valid(const uint8_t *p, size_t n)
{
	size_t i = 0;

	while (i < n) {
		uint64_t eight;
		size_t size;

		if (n - i >= sizeof eight) {
			memcpy(&eight, p + i, sizeof eight);
			if ((eight & 0x8080808080808080u) == 0) {
				i += sizeof eight;
				continue;
			}
		}
		size = p[i] < 0x80 ? 1 : char_size(p + i, n - i);
		if (size == 0)
			return false;
		i += size;
	}
	return true;
}

struct bus_id wire_get_id(struct wire_reader *r)
{
	struct bus_id id = {{0}};
	const uint8_t *p = wire_take(r, sizeof id.b);

	if (p != NULL)
		memcpy(id.b, p, sizeof id.b);
	return id;
}

static struct str get_bytes(struct wire_reader *r, uint32_t len, uint32_t max)
{
	const uint8_t *p;

	if (len > max)
		r->bad = true;
	p = wire_take(r, len);
	return p != NULL ? str_make(p, len) : STR_NONE;
}

struct str wire_get_blob(struct wire_reader *r, uint32_t max)
{
	return get_bytes(r, wire_get_u32(r), max);
}

struct str wire_get_text(struct wire_reader *r, uint32_t max)
{
	uint32_t len = wire_get_u32(r);
	struct str s;

	if (len == WIRE_ABSENT)
		return STR_NONE;
	s = get_bytes(r, len, max);
	if (s.p != NULL && !wire_utf8_valid((const uint8_t *)s.p, s.len)) {
		r->bad = true;
		return STR_NONE;
	}
	return s;
}
