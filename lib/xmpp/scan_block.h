/*
 * scan_block - one block of bytes looked at as a whole: 16 by SSE2, which every x86-64 has, or 8 in a word
 *
 * Each function gives a set of the places where it found what it looks for, of which scan_first() gives the
 * first.
 */
#ifndef BH_SCAN_BLOCK_H
#define BH_SCAN_BLOCK_H

#include <stdint.h>
#include <string.h>

enum scan_stop {
	SCAN_WIDE = 1,	/* bytes beyond ASCII */
	SCAN_BLANK = 2, /* TAB and LF */
};

#ifdef __SSE2__
#include <emmintrin.h>

enum { SCAN_BLOCK = 16 };

typedef unsigned scan_found;

static inline unsigned scan_first(scan_found found)
{
	return (unsigned)__builtin_ctz(found);
}

static inline __m128i scan_equal(__m128i v, char byte)
{
	return _mm_cmpeq_epi8(v, _mm_set1_epi8(byte));
}

/* first <= byte <= first + more */
static inline __m128i scan_between(__m128i v, char first, char more)
{
	__m128i from = _mm_sub_epi8(v, _mm_set1_epi8(first));

	return _mm_cmpeq_epi8(_mm_min_epu8(from, _mm_set1_epi8(more)), from);
}

static inline scan_found scan_places(__m128i v)
{
	return (scan_found)_mm_movemask_epi8(v);
}

/* Two characters that differ in one bit are looked for at once. */
static inline scan_found scan_block_special(const uint8_t *p, unsigned stop)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i amp_apos = scan_equal(_mm_or_si128(v, _mm_set1_epi8(0x01)), '\'');
	__m128i lt_gt = scan_equal(_mm_or_si128(v, _mm_set1_epi8(0x02)), '>');
	__m128i marks = _mm_or_si128(_mm_or_si128(amp_apos, lt_gt), scan_equal(v, '"'));
	__m128i low = scan_between(v, 0, 0x1f);

	if ((stop & SCAN_BLANK) == 0)
		low = _mm_andnot_si128(scan_between(v, '\t', 1), low);
	if ((stop & SCAN_WIDE) != 0)
		low = _mm_or_si128(low, v); /* the bit that counts is the highest */
	return scan_places(_mm_or_si128(marks, low));
}

/* Letters, digits, '-', '.' and '_' are looked past. */
static inline scan_found scan_block_no_name(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i letters = scan_between(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 25);
	__m128i others = _mm_andnot_si128(scan_equal(v, '/'), scan_between(v, '-', '9' - '-'));
	__m128i name = _mm_or_si128(_mm_or_si128(letters, others), scan_equal(v, '_'));

	return scan_places(_mm_cmpeq_epi8(name, _mm_setzero_si128()));
}

#else
#include "xmpp/scan_word.h"
#endif

#endif
