/*
 * scan_word - the functions of scan_block.h for any machine: eight bytes in a word
 *
 * In each byte of a result only the highest bit counts.  All tests are exact in every byte: none lets a
 * carry into the next.
 */
#ifndef BH_SCAN_WORD_H
#define BH_SCAN_WORD_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

enum { SCAN_BLOCK = sizeof(uint64_t) };

typedef uint64_t scan_found;

#define SCAN_EACH(byte) (0x0101010101010101u * (byte))

static inline uint64_t scan_zero(uint64_t v)
{
	return ~((v & SCAN_EACH(0x7fu)) + SCAN_EACH(0x7fu)) & ~v;
}

static inline uint64_t scan_equal(uint64_t v, uint64_t byte)
{
	return scan_zero(v ^ SCAN_EACH(byte));
}

/* The first in memory is the lowest. */
static inline unsigned scan_first(scan_found found)
{
	return (unsigned)__builtin_ctzll(found) / 8;
}

static inline uint64_t scan_load(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return le64toh(v);
}

static inline scan_found scan_block_special(const uint8_t *p, unsigned stop)
{
	uint64_t v = scan_load(p);
	uint64_t amp_apos = scan_equal(v | SCAN_EACH(0x01u), '\'');
	uint64_t lt_gt = scan_equal(v | SCAN_EACH(0x02u), '>');
	uint64_t low = scan_zero(v & SCAN_EACH(0xe0u));

	if ((stop & SCAN_BLANK) == 0)
		low &= ~(scan_equal(v, '\t') | scan_equal(v, '\n'));
	if ((stop & SCAN_WIDE) != 0)
		low |= v;
	return (amp_apos | lt_gt | scan_equal(v, '"') | low) & SCAN_EACH(0x80u);
}

static inline scan_found scan_block_no_name(const uint8_t *p)
{
	unsigned at = 0;

	while (at < SCAN_BLOCK &&
		((p[at] >= '0' && p[at] <= '9') || ((p[at] | 0x20) >= 'a' && (p[at] | 0x20) <= 'z') ||
			p[at] == '-' || p[at] == '.' || p[at] == '_'))
		at++;
	return at < SCAN_BLOCK ? (scan_found)0x80 << 8 * at : 0;
}

#endif
