/*
 * keys - what an account's password leaves behind (RFC 5802, section 3)
 *
 * For each hash a salt, the number of iterations, and the two keys that a server needs to
 * check a proof and to give its own.  The password itself is kept nowhere.
 */
#ifndef AUTHD_KEYS_H
#define AUTHD_KEYS_H

#include <stdint.h>

enum scram_hash { SCRAM_SHA1, SCRAM_SHA256, SCRAM_HASHES };

/* Of keys that we made the salt has SCRAM_SALT_SIZE bytes; of others at most SCRAM_SALT_MAX. */
enum { SCRAM_SALT_SIZE = 16, SCRAM_SALT_MAX = 64, SCRAM_KEY_MAX = 32 };

struct scram_keys {
	uint32_t iterations; /* 0: there are none for that hash, as of an account that came from elsewhere with another's */
	uint32_t salt_len;
	uint8_t salt[SCRAM_SALT_MAX];
	uint8_t stored[SCRAM_KEY_MAX];
	uint8_t server[SCRAM_KEY_MAX];
};

struct account_keys {
	struct scram_keys of[SCRAM_HASHES];
};

/* Those that took more to make are not taken from elsewhere: each log-in would take as long. */
enum { SCRAM_ITERATIONS_MAX = 10000000 };

/* 20 or 32 bytes. */
static inline uint32_t scram_key_size(enum scram_hash hash)
{
	return hash == SCRAM_SHA1 ? 20 : 32;
}

/* Set of 1 << enum scram_hash: for which there are no keys. */
static inline unsigned account_keys_lack(const struct account_keys *keys)
{
	unsigned lack = 0;

	for (unsigned hash = 0; hash < SCRAM_HASHES; hash++)
		lack |= (keys->of[hash].iterations == 0 ? 1u : 0u) << hash;
	return lack;
}

#endif
