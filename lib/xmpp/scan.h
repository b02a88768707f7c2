/*
 * scan - past what needs no closer look, a block of bytes at a time (scan_block.h)
 *
 * Plain is what is plain everywhere in our XML: not & < > ' ", no control character but TAB and LF.
 * The caller says what else stops.
 */
#ifndef BH_SCAN_H
#define BH_SCAN_H

#include <stdbool.h>

#include "xmpp/scan_block.h"

/* What a block function says, of one byte. */
static inline bool scan_is_special(uint8_t byte, unsigned stop)
{
	if (byte >= 0x80)
		return (stop & SCAN_WIDE) != 0;
	if (byte < 0x20)
		return (stop & SCAN_BLANK) != 0 || (byte != '\t' && byte != '\n');
	return byte == '&' || byte == '<' || byte == '>' || byte == '\'' || byte == '"';
}

/* The first byte that is not plain, or end.  stop: a set of enum scan_stop. */
static inline const uint8_t *scan_plain(const uint8_t *p, const uint8_t *end, unsigned stop)
{
	while (end - p >= SCAN_BLOCK) {
		scan_found found = scan_block_special(p, stop);

		if (found != 0)
			return p + scan_first(found);
		p += SCAN_BLOCK;
	}
	while (p < end && !scan_is_special(*p, stop))
		p++;
	return p;
}

#endif
