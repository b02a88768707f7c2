/* Digests, by Nettle. */
#include "base/digest.h"

#include <errno.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <unistd.h>

#include "base/secret.h"

void digest_sha1(struct str bytes, uint8_t out[DIGEST_SHA1_SIZE])
{
	struct sha1_ctx ctx;

	sha1_init(&ctx);
	sha1_update(&ctx, bytes.len, (const uint8_t *)bytes.p);
	sha1_digest(&ctx, DIGEST_SHA1_SIZE, out);
	secret_wipe(&ctx, sizeof ctx);
}

void digest_sha256(struct str bytes, uint8_t out[DIGEST_SHA256_SIZE])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, bytes.len, (const uint8_t *)bytes.p);
	sha256_digest(&ctx, DIGEST_SHA256_SIZE, out);
	secret_wipe(&ctx, sizeof ctx);
}

int digest_sha256_file(int fd, uint8_t out[DIGEST_SHA256_SIZE])
{
	struct sha256_ctx ctx;
	uint8_t part[65536];
	off_t at = 0;
	ssize_t n;

	sha256_init(&ctx);
	while ((n = pread(fd, part, sizeof part, at)) > 0) {
		sha256_update(&ctx, (size_t)n, part);
		at += n;
	}
	if (n < 0)
		return -errno;
	sha256_digest(&ctx, DIGEST_SHA256_SIZE, out);
	return 0;
}

void digest_128(struct str bytes, uint8_t out[DIGEST_128_SIZE])
{
	uint8_t whole[DIGEST_SHA256_SIZE];

	digest_sha256(bytes, whole);
	memcpy(out, whole, DIGEST_128_SIZE);
}
