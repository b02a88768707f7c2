/* Random bytes; a small pool saves a system call for each short request. */
#include "base/rand.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/secret.h"

static void from_kernel(uint8_t *out, size_t n)
{
	while (n > 0) {
		ssize_t got = getrandom(out, n, 0);

		if (got < 0) {
			BUG_ON(errno != EINTR);
			continue;
		}
		out += got;
		n -= (size_t)got;
	}
}

void rand_bytes(void *out, size_t n)
{
	/* Per thread, so that worker threads need no lock.  Used bytes are wiped. */
	static _Thread_local uint8_t pool[512];
	static _Thread_local size_t left;

	if (n > sizeof pool / 4) {
		from_kernel(out, n);
		return;
	}
	if (left < n) {
		from_kernel(pool, sizeof pool);
		left = sizeof pool;
	}
	left -= n;
	memcpy(out, pool + left, n);
	secret_wipe(pool + left, n);
}

uint64_t rand_u64(void)
{
	uint64_t v;

	rand_bytes(&v, sizeof v);
	return v;
}

void rand_hex(char *out, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		uint8_t byte;

		rand_bytes(&byte, 1);
		out[2 * i] = digits[byte >> 4];
		out[2 * i + 1] = digits[byte & 15];
	}
	out[2 * n] = '\0';
}
