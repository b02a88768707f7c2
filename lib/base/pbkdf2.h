/*
 * pbkdf2 - a key from a password (RFC 8018, section 5.2), by Nettle
 *
 * A millisecond for ten thousand iterations: never on a loop.
 */
#ifndef BH_PBKDF2_H
#define BH_PBKDF2_H

#include <stdint.h>

#include "base/str.h"

struct pbkdf2_input {
	struct str password, salt;
	uint32_t iterations; /* at least one */
};

/* Hi() of RFC 5802, section 2.2: len bytes, of which the hash has 20 or 32. */
void pbkdf2_sha1(const struct pbkdf2_input *of, uint8_t *out, size_t len);
void pbkdf2_sha256(const struct pbkdf2_input *of, uint8_t *out, size_t len);

#endif
