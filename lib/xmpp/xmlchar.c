/* The names of XML 1.0, first to fourth edition, without the colon. */
#include "xmpp/xmlchar.h"

#include <libxml/chvalid.h>

enum { BOTH = XMLCHAR_START | XMLCHAR_MORE };

const uint8_t xmlchar_classes[256] = {
	['A' ... 'Z'] = BOTH, ['a' ... 'z'] = BOTH, ['_'] = BOTH,
	['0' ... '9'] = XMLCHAR_MORE, ['-'] = XMLCHAR_MORE, ['.'] = XMLCHAR_MORE,
};

/* Letter, CombiningChar, Digit and Extender, by libxml2's tables. */
static unsigned wide_class(uint32_t c)
{
	if (xmlIsBaseCharQ(c) || xmlIsIdeographicQ(c))
		return BOTH;
	return xmlIsCombiningQ(c) || xmlIsDigitQ(c) || xmlIsExtenderQ(c) ? XMLCHAR_MORE : 0;
}

/* What the character at p may be in a name; *next is the place after it. */
static unsigned class_at(const uint8_t *p, const uint8_t *end, const uint8_t **next)
{
	uint32_t c;

	if (*p < 0x80) {
		*next = p + 1;
		return xmlchar_classes[*p];
	}
	*next = xmlchar_wide(p, end, &c);
	return *next != NULL ? wide_class(c) : 0;
}

const uint8_t *xmlchar_name_wide(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *next;

	if ((class_at(p, end, &next) & XMLCHAR_START) == 0)
		return NULL;
	p = next;
	while (p < end && class_at(p, end, &next) != 0)
		p = next;
	return p;
}
