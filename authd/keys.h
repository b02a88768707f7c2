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

/* Of our own keys the salt has SCRAM_SALT_SIZE bytes; of a directory's at most SCRAM_SALT_MAX. */
enum { SCRAM_SALT_SIZE = 16, SCRAM_SALT_MAX = 64, SCRAM_KEY_MAX = 32 };

struct scram_keys {
	uint32_t iterations;
	uint32_t salt_len;
	uint8_t salt[SCRAM_SALT_MAX];
	uint8_t stored[SCRAM_KEY_MAX];
	uint8_t server[SCRAM_KEY_MAX];
};

struct account_keys {
	struct scram_keys of[SCRAM_HASHES];
};

/* 20 or 32 bytes. */
static inline uint32_t scram_key_size(enum scram_hash hash)
{
	return hash == SCRAM_SHA1 ? 20 : 32;
}

#endif
