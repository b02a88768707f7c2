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

/* A whole NCName (of XML 1.0 before its fifth edition): up to the first byte that cannot belong to one. */
const uint8_t *xmlchar_name(const uint8_t *p, const uint8_t *end);

#endif
