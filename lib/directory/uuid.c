/* The forms that directories write it in. */
#include "directory/uuid.h"

#include <string.h>

/* -1: it is no digit. */
static int digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)((at - digits) % 16) : -1;
}

bool uuid_parse(struct str value, uint8_t out[UUID_SIZE])
{
	uint8_t bytes[UUID_SIZE] = {0};
	unsigned n = 0;

	if (value.len == UUID_SIZE) {
		memcpy(out, value.p, UUID_SIZE);
		return true;
	}
	for (uint32_t i = 0; i < value.len; i++) {
		int d = digit(value.p[i]);

		if (value.p[i] == '-')
			continue;
		if (d < 0 || n == 2 * UUID_SIZE)
			return false;
		bytes[n / 2] = (uint8_t)(bytes[n / 2] << 4 | d);
		n++;
	}
	if (n != 2 * UUID_SIZE)
		return false;
	memcpy(out, bytes, UUID_SIZE);
	return true;
}
