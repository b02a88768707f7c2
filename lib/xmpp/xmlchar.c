/* The names of XML 1.0, first to fourth edition, without the colon. */
#include "xmpp/xmlchar.h"

#include <libxml/chvalid.h>

enum { NAME_START = 1, NAME_MORE = 2 };

#define BOTH (NAME_START | NAME_MORE)

static const uint8_t ascii_names[128] = {
	['A' ... 'Z'] = BOTH, ['a' ... 'z'] = BOTH, ['_'] = BOTH,
	['0' ... '9'] = NAME_MORE, ['-'] = NAME_MORE, ['.'] = NAME_MORE,
};

/* Letter, CombiningChar, Digit and Extender, by libxml2's tables. */
static uint8_t wide_class(uint32_t c)
{
	if (xmlIsBaseCharQ(c) || xmlIsIdeographicQ(c))
		return BOTH;
	return xmlIsCombiningQ(c) || xmlIsDigitQ(c) || xmlIsExtenderQ(c) ? NAME_MORE : 0;
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
