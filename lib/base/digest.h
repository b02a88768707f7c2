/*
 * digest - SHA-1, by Nettle, where a protocol asks for it (XEP-0114, XEP-0115), and SHA-256
 */
#ifndef BH_DIGEST_H
#define BH_DIGEST_H

#include <stdint.h>

#include "base/str.h"

enum { DIGEST_SHA1_SIZE = 20 };

void digest_sha1(struct str bytes, uint8_t out[DIGEST_SHA1_SIZE]);

enum { DIGEST_SHA256_SIZE = 32 };

void digest_sha256(struct str bytes, uint8_t out[DIGEST_SHA256_SIZE]);

/* Of all that the file has, from its beginning.  0 or -errno. */
int digest_sha256_file(int fd, uint8_t out[DIGEST_SHA256_SIZE]);

/* The first half of SHA-256: what stands for something else, and nobody can make two things that have the same. */
enum { DIGEST_128_SIZE = 16 };

void digest_128(struct str bytes, uint8_t out[DIGEST_128_SIZE]);

#endif
