/* Any bytes as a frame of key.sock, written again as they were; and what is to be signed held against the rules. */
#include <stdlib.h>
#include <string.h>

#include "key/frame.h"
#include "keyd/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A message of TLS 1.3 begins with spaces, of TLS 1.2 it has a length of ours or is a handshake from its start. */
static void check(const struct key_frame *f)
{
	for (unsigned role = KEY_FOR_CLIENTS; role < KEY_ROLES; role++)
		for (unsigned type = 0; type < TLS_KEY_TYPES; type++) {
			struct check_request r = {role, type, f->sign.scheme, str_make(f->sign.data, f->sign.len)};
			bool message = type == TLS_KEY_ED25519 || type == TLS_KEY_ED448;

			if (check_request(&r) != NULL)
				continue;
			if (message ? f->sign.len < 100 : f->sign.len > 64)
				abort();
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t again[KEY_FRAME_MAX];
	struct key_frame f;

	if (size > KEY_FRAME_MAX || key_frame_get(data, size, &f) != 0)
		return 0;
	if (key_frame_put(&f, again, sizeof again) != size || memcmp(again, data, size) != 0)
		abort();
	if (f.type == KEY_SIGN)
		check(&f);
	return 0;
}
