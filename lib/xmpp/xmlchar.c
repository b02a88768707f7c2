/* The names of XML 1.0, fifth edition, without the colon. */
#include "xmpp/xmlchar.h"

enum { NAME_START = 1, NAME_MORE = 2 };

#define BOTH (NAME_START | NAME_MORE)

static const uint8_t ascii_names[128] = {
	['A' ... 'Z'] = BOTH, ['a' ... 'z'] = BOTH, ['_'] = BOTH,
	['0' ... '9'] = NAME_MORE, ['-'] = NAME_MORE, ['.'] = NAME_MORE,
};

struct range {
	uint32_t first, last;
};

static const struct range start_ranges[] = {
	{0xc0, 0xd6}, {0xd8, 0xf6}, {0xf8, 0x2ff}, {0x370, 0x37d}, {0x37f, 0x1fff},
	{0x200c, 0x200d}, {0x2070, 0x218f}, {0x2c00, 0x2fef}, {0x3001, 0xd7ff},
	{0xf900, 0xfdcf}, {0xfdf0, 0xfffd}, {0x10000, 0xeffff},
};

static const struct range more_ranges[] = {{0xb7, 0xb7}, {0x300, 0x36f}, {0x203f, 0x2040}};

static bool in_ranges(uint32_t c, const struct range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

static uint8_t wide_class(uint32_t c)
{
	if (in_ranges(c, start_ranges, sizeof(start_ranges) / sizeof(start_ranges[0])))
		return BOTH;
	if (in_ranges(c, more_ranges, sizeof(more_ranges) / sizeof(more_ranges[0])))
		return NAME_MORE;
	return 0;
}

/* What the character at p may be in a name; *next is the place after it. */
static uint8_t class_at(const uint8_t *p, const uint8_t *end, const uint8_t **next)
{
	uint32_t c;

	if (*p < 0x80) {
		*next = p + 1;
		return ascii_names[*p];
	}
	*next = xmlchar_wide(p, end, &c);
	return *next != NULL ? wide_class(c) : 0;
}

const uint8_t *xmlchar_name(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *next;

	if (p == end || (class_at(p, end, &next) & NAME_START) == 0)
		return NULL;
	p = next;
	while (p < end) {
		while (p < end && *p < 0x80 && ascii_names[*p] != 0)
			p++;
		if (p == end || *p < 0x80 || class_at(p, end, &next) == 0)
			break;
		p = next;
	}
	return p;
}
