/* SipHash (Aumasson, Bernstein), and FNV-1a for names that must agree between processes. */
#include "base/hash.h"

#include <stdbool.h>
#include <string.h>

#include "base/rand.h"

#define ROTL(x, b) (((x) << (b)) | ((x) >> (64 - (b))))

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = ROTL(s->v1, 13) ^ s->v0;
	s->v0 = ROTL(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = ROTL(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = ROTL(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = ROTL(s->v1, 17) ^ s->v2;
	s->v2 = ROTL(s->v2, 32);
}

static inline void sip_rounds(struct sip *s, unsigned n)
{
	while (n-- > 0)
		sip_round(s);
}

static inline void sip_word(struct sip *s, uint64_t m, unsigned rounds)
{
	s->v3 ^= m;
	sip_rounds(s, rounds);
	s->v0 ^= m;
}

/* SipHash-rounds-end; both are constants where it is used. */
static inline uint64_t sip(const struct hash_key *key, const void *data, size_t len, unsigned rounds, unsigned end)
{
	const uint8_t *p = data;
	struct sip s = {
		.v0 = key->k0 ^ 0x736f6d6570736575u,
		.v1 = key->k1 ^ 0x646f72616e646f6du,
		.v2 = key->k0 ^ 0x6c7967656e657261u,
		.v3 = key->k1 ^ 0x7465646279746573u,
	};
	uint64_t last = (uint64_t)len << 56;
	uint64_t m;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&m, p, 8);
		sip_word(&s, m, rounds);
	}
	m = 0;
	if (len > 0)
		memcpy(&m, p, len);
	sip_word(&s, last | m, rounds);
	s.v2 ^= 0xff;
	sip_rounds(&s, end);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t len)
{
	return sip(key, data, len, 1, 3);
}

uint64_t hash_mac(const struct hash_key *key, const void *data, size_t len)
{
	return sip(key, data, len, 2, 4);
}

const struct hash_key *hash_process_key(void)
{
	static struct hash_key key;
	static bool drawn;

	if (!drawn) {
		rand_bytes(&key, sizeof key);
		drawn = true;
	}
	return &key;
}

uint64_t hash_name(uint64_t seed, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		seed = (seed ^ p[i]) * 0x100000001b3u;
	return seed;
}
