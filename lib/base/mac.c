/* Message authentication codes, by Nettle. */
#include "base/mac.h"

#include <nettle/hmac.h>

#include "base/secret.h"

void mac_compute(const uint8_t key[MAC_KEY_SIZE], const struct mac_part *parts, size_t n,
	uint8_t out[MAC_SIZE])
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, MAC_KEY_SIZE, key);
	for (size_t i = 0; i < n; i++) {
		uint64_t len = parts[i].len;
		uint8_t prefix[8];

		for (int b = 0; b < 8; b++)
			prefix[b] = (uint8_t)(len >> (56 - 8 * b));
		hmac_sha256_update(&ctx, sizeof prefix, prefix);
		hmac_sha256_update(&ctx, parts[i].len, parts[i].p);
	}
	hmac_sha256_digest(&ctx, MAC_SIZE, out);
	secret_wipe(&ctx, sizeof ctx);
}

bool mac_verify(const uint8_t key[MAC_KEY_SIZE], const struct mac_part *parts, size_t n,
	const uint8_t mac[MAC_SIZE])
{
	uint8_t want[MAC_SIZE];

	mac_compute(key, parts, n, want);
	return secret_equal(want, mac, MAC_SIZE);
}

void mac_plain(struct str key, struct str bytes, uint8_t out[MAC_SIZE])
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, key.len, (const uint8_t *)key.p);
	hmac_sha256_update(&ctx, bytes.len, (const uint8_t *)bytes.p);
	hmac_sha256_digest(&ctx, MAC_SIZE, out);
	secret_wipe(&ctx, sizeof ctx);
}
