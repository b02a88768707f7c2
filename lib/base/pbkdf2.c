/* Keys from passwords, by Nettle, whose hashes use what the processor has for them. */
#include "base/pbkdf2.h"

#include <nettle/pbkdf2.h>

static const uint8_t *bytes(struct str s)
{
	return (const uint8_t *)s.p;
}

void pbkdf2_sha1(const struct pbkdf2_input *of, uint8_t *out, size_t len)
{
	pbkdf2_hmac_sha1(of->password.len, bytes(of->password), of->iterations, of->salt.len, bytes(of->salt), len, out);
}

void pbkdf2_sha256(const struct pbkdf2_input *of, uint8_t *out, size_t len)
{
	pbkdf2_hmac_sha256(of->password.len, bytes(of->password), of->iterations, of->salt.len, bytes(of->salt), len, out);
}
