/*
 * pack - numbers in the packed forms of lib/xmpp (envelope, additions), network byte order
 */
#ifndef BH_PACK_H
#define BH_PACK_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint8_t *pack_u32(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof v);
	return p + sizeof v;
}

static inline uint32_t unpack_u32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return be32toh(v);
}

static inline uint64_t unpack_u64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return be64toh(v);
}

#endif
