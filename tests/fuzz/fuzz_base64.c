/* Any bytes as Base64, and any bytes into it.  Strict: one text for each run of bytes. */
#include "base/base64.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf bytes = BUF_INIT, text = BUF_INIT, again = BUF_INIT;
	struct str in = str_make(data, size);

	if (base64_decode(in, &bytes) == 0) {
		base64_encode(buf_str(&bytes), &text);
		require(str_eq(buf_str(&text), in) || (bytes.len == 0 && str_is(in, "=")));
	} else {
		require(bytes.len == 0);
	}
	buf_clear(&text);
	base64_encode(in, &text);
	require(base64_decode(buf_str(&text), &again) == 0 && str_eq(buf_str(&again), in));
	buf_fini(&bytes);
	buf_fini(&text);
	buf_fini(&again);
	return 0;
}
