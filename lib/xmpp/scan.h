/*
 * scan - skipping plain text eight bytes at a time
 *
 * Plain is what needs a closer look nowhere in our XML: not & < > ' ", no control character,
 * and, where the caller says so, nothing but ASCII.
 */
#ifndef BH_SCAN_H
#define BH_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SCAN_EACH(byte) (0x0101010101010101u * (byte))

/* The high bit is set in some byte of the result exactly when some byte of v is zero. */
static inline uint64_t scan_zero(uint64_t v)
{
	return (v - SCAN_EACH(1)) & ~v;
}

/* Not zero exactly when one of the eight bytes is not plain. */
static inline uint64_t scan_special(uint64_t v, bool ascii_only)
{
	uint64_t control = (v - SCAN_EACH(0x20u)) & ~v;
	uint64_t amp_apos = scan_zero((v | SCAN_EACH(0x01u)) ^ SCAN_EACH((uint64_t)'\''));
	uint64_t lt_gt = scan_zero((v | SCAN_EACH(0x02u)) ^ SCAN_EACH((uint64_t)'>'));
	uint64_t quote = scan_zero(v ^ SCAN_EACH((uint64_t)'"'));
	uint64_t high = ascii_only ? v : 0;

	return (control | amp_apos | lt_gt | quote | high) & SCAN_EACH(0x80u);
}

/* Past the first runs of eight plain bytes; what is left may begin with plain bytes too. */
static inline const uint8_t *scan_plain(const uint8_t *p, const uint8_t *end, bool ascii_only)
{
	uint64_t v, w;

	while (end - p >= 16) {
		memcpy(&v, p, sizeof v);
		memcpy(&w, p + 8, sizeof w);
		if ((scan_special(v, ascii_only) | scan_special(w, ascii_only)) != 0)
			break;
		p += 16;
	}
	if (end - p >= 8) {
		memcpy(&v, p, sizeof v);
		if (scan_special(v, ascii_only) == 0)
			p += 8;
	}
	return p;
}

#endif
