/*
 * mac - HMAC-SHA-256, by Nettle
 */
#ifndef BH_MAC_H
#define BH_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum { MAC_KEY_SIZE = 32, MAC_SIZE = 32 };

/* One run of bytes that goes into a MAC.  Each part's length goes in before it, so that
 * no two different lists of parts give the same input (attacks.md, S15). */
struct mac_part {
	const void *p;
	size_t len;
};

void mac_compute(const uint8_t key[MAC_KEY_SIZE], const struct mac_part *parts, size_t n,
	uint8_t out[MAC_SIZE]);
bool mac_verify(const uint8_t key[MAC_KEY_SIZE], const struct mac_part *parts, size_t n,
	const uint8_t mac[MAC_SIZE]);

/* The same of bytes as they are, with a key of any length: for protocols that say so (XEP-0185). */
void mac_plain(struct str key, struct str bytes, uint8_t out[MAC_SIZE]);

#endif
