/* Wiping and comparing secrets. */
#include "base/secret.h"

#include <nettle/memops.h>
#include <string.h>

void secret_wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}

bool secret_equal(const void *a, const void *b, size_t n)
{
	return nettle_memeql_sec(a, b, n) != 0;
}
