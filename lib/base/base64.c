/* Base64, by Nettle. */
#include "base/base64.h"

#include <nettle/base64.h>

#include "base/err.h"

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

int base64_decode(struct str text, struct buf *out)
{
	struct base64_decode_ctx ctx;
	uint8_t *p;
	size_t n;

	if (text.len == 0 || str_is(text, "="))
		return 0;
	p = buf_room(out, BASE64_DECODE_LENGTH((size_t)text.len));
	if (p == NULL)
		return BH_ENOMEM;
	base64_decode_init(&ctx);
	/* Nettle skips white space; then there are fewer bytes than the length says. */
	if (text.len % 4 != 0 || !base64_decode_update(&ctx, &n, p, text.len, text.p) ||
		!base64_decode_final(&ctx) || (n + 2) / 3 != text.len / 4)
		return BH_EINVAL;
	buf_commit(out, n);
	return 0;
}
