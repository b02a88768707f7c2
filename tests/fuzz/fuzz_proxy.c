/* Any bytes as a PROXY header, at once and byte by byte: the answers agree. */
#include "base/err.h"
#include "fuzz.h"
#include "net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct address whole = {0}, part = {0};
	int rc = proxy_parse(data, size, &whole), at = BH_EAGAIN;

	for (size_t n = 0; n <= size && at == BH_EAGAIN; n++) {
		/* Its own allocation, so that reading behind n is seen. */
		uint8_t *copy = malloc(n + 1);

		if (copy == NULL)
			return 0;
		memcpy(copy, data, n);
		copy = realloc(copy, n > 0 ? n : 1);
		at = proxy_parse(copy, n, &part);
		free(copy);
	}
	require(rc == at && (rc <= 0 || (size_t)rc <= size) && rc <= PROXY_HEADER_MAX);
	require(memcmp(&whole, &part, sizeof whole) == 0);
	return 0;
}
