/* Hexadecimal numbers of a fixed width. */
#include "tests/bench/hex.h"

void hex_put(char *at, uint64_t value, unsigned digits)
{
	static const char hex[] = "0123456789abcdef";

	while (digits-- > 0) {
		at[digits] = hex[value & 15];
		value >>= 4;
	}
}

bool hex_get(const char *at, unsigned digits, uint64_t *value)
{
	*value = 0;
	for (; digits > 0; digits--, at++) {
		char c = *at;

		if (c >= '0' && c <= '9')
			*value = *value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	return true;
}
