/* Digit by digit. */
#include "base/decimal.h"

static uint32_t digits_of(uint64_t n)
{
	uint32_t digits = 1;

	while ((n /= 10) > 0)
		digits++;
	return digits;
}

bool decimal_read(struct str text, uint64_t most, uint64_t *out)
{
	uint64_t n = 0;

	if (text.p == NULL || text.len == 0 || text.len > digits_of(most))
		return false;
	for (uint32_t i = 0; i < text.len; i++) {
		unsigned digit = (unsigned)(unsigned char)text.p[i] - '0';

		if (digit > 9 || digit > most || n > (most - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}

bool decimal_read_u32(struct str text, uint32_t *out)
{
	uint64_t n;

	if (!decimal_read(text, UINT32_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}
