/*
 * hash - SipHash: 1-3 for tables, under a key of the process's own, and 2-4 as a MAC
 *
 * Whoever chooses the keys of a table cannot know which of them collide.
 */
#ifndef BH_HASH_H
#define BH_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0, k1;
};

/* The key of this process, drawn at first use. */
const struct hash_key *hash_process_key(void);

uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t len);

/* SipHash-2-4: who does not know the key finds the value for bytes of his own only by trying, of 2^64.  For short-lived
 * things that are many; else mac.h. */
uint64_t hash_mac(const struct hash_key *key, const void *data, size_t len);

/* FNV-1a, unkeyed: a name for a (namespace, name) pair that is equal in every process.
 * Never the index of a table. */
uint64_t hash_name(uint64_t seed, const void *data, size_t len);
#define HASH_NAME_SEED 0xcbf29ce484222325u

#endif
