/*
 * xmlchar - UTF-8 and the characters of XML 1.0 and its names
 *
 * Each function looks at the bytes from p (p < end) and gives the place after what it
 * accepts, or NULL.
 */
#ifndef BH_XMLCHAR_H
#define BH_XMLCHAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xmpp/scan_block.h"

/* One character beyond ASCII that XML allows; *c is its number.  Shortest form only. */
static inline const uint8_t *xmlchar_wide(const uint8_t *p, const uint8_t *end, uint32_t *c)
{
	size_t left = (size_t)(end - p);

	if (p[0] >= 0xc2 && p[0] < 0xe0) {
		if (left < 2 || (p[1] & 0xc0) != 0x80)
			return NULL;
		*c = (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
		return p + 2;
	}
	if ((p[0] & 0xf0) == 0xe0) {
		if (left < 3 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80)
			return NULL;
		*c = (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
		return *c >= 0x800 && (*c < 0xd800 || *c > 0xdfff) && *c < 0xfffe ? p + 3 : NULL;
	}
	if ((p[0] & 0xf8) != 0xf0 || left < 4 || (p[1] & 0xc0) != 0x80 ||
		(p[2] & 0xc0) != 0x80 || (p[3] & 0xc0) != 0x80)
		return NULL;
	*c = (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
	return *c >= 0x10000 && *c <= 0x10ffff ? p + 4 : NULL;
}

/* A run of them, as far as it goes; at least one (*p >= 0x80).  Nearly all scripts are of three bytes, and
 * those of them are taken here that need no closer look. */
static inline const uint8_t *xmlchar_wide_run(const uint8_t *p, const uint8_t *end)
{
	uint32_t c;

	do {
		if (end - p >= 3 && p[0] > 0xe0 && p[0] < 0xed && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80)
			p += 3;
		else if ((p = xmlchar_wide(p, end, &c)) == NULL)
			return NULL;
	} while (p < end && *p >= 0x80);
	return p;
}

/* The ASCII of names, without the colon; and the rest of a name that goes on beyond it. */
enum xmlchar_class { XMLCHAR_START = 1, XMLCHAR_MORE = 2 };
extern const uint8_t xmlchar_classes[256];
const uint8_t *xmlchar_name_wide(const uint8_t *p, const uint8_t *end);

/* The end of the ASCII that may go on a name. */
static inline const uint8_t *xmlchar_name_ascii(const uint8_t *p, const uint8_t *end)
{
	while (end - p >= SCAN_BLOCK) {
		scan_found found = scan_block_no_name(p);

		if (found != 0)
			return p + scan_first(found);
		p += SCAN_BLOCK;
	}
	while (p < end && xmlchar_classes[*p] != 0)
		p++;
	return p;
}

/* A whole NCName (of XML 1.0 before its fifth edition): up to the first byte that cannot belong to one. */
static inline const uint8_t *xmlchar_name(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *start = p;

	if (p == end || (*p < 0x80 && (xmlchar_classes[*p] & XMLCHAR_START) == 0))
		return NULL;
	p = xmlchar_name_ascii(p, end);
	return p == end || *p < 0x80 ? p : xmlchar_name_wide(start, end);
}

#endif
