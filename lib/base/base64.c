/* Base64, by Nettle. */
#include "base/base64.h"

#include <nettle/base64.h>

void base64_encode(struct str bytes, struct buf *out)
{
	size_t size = BASE64_ENCODE_RAW_LENGTH((size_t)bytes.len);
	uint8_t *p;

	if (bytes.len == 0)
		return;
	p = buf_room(out, size);
	if (p == NULL)
		return;
	base64_encode_raw((char *)p, bytes.len, (const uint8_t *)bytes.p);
	buf_commit(out, size);
}
