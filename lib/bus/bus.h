/*
 * bus - frames between the processes, and the messages in them
 *
 * A frame is a fixed header and the fields of one message, all numbers in network byte
 * order:
 *
 *   u32 length of the whole frame | u16 type | u16 zero | u64 subject | u64 seq | fields
 *
 * Both the structs and the code that writes and reads them are made from messages.def, so
 * the two sides cannot disagree.  A decoded message borrows its texts and blobs from the
 * frame.  Bytes left over after the last field are an error.
 */
#ifndef BH_BUS_H
#define BH_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "bus/role.h"

enum { BUS_VERSION = 10, BUS_HEADER_SIZE = 24 };
/* The largest frame: the largest stanza and its envelope. */
#define BUS_FRAME_MAX (16777216u + 2097152u)
/* The most that STATS.counters may have. */
#define BUS_COUNTERS_MAX 262144u

enum bus_flag {
	BUS_SECRET = 1,	 /* wiped after use, never traced, never kept across a reconnect */
	BUS_URGENT = 2,	 /* written before the others, never waits for credit */
	BUS_CUSTODY = 4, /* numbered by the link, answered by HELD */
};

struct bus_id {
	uint8_t b[16];
};

enum bus_type {
#define MSG(NAME, name, num, from, to, flags) BUS_##NAME = num,
#include "bus/each_message.h"
};

/* struct msg_hello, struct msg_welcome, ... */
#define MSG(NAME, name, num, from, to, flags) struct msg_##name {
#define U8(f) uint8_t f;
#define U16(f) uint16_t f;
#define U32(f) uint32_t f;
#define U64(f) uint64_t f;
#define ID(f) struct bus_id f;
#define TEXT(f, max) struct str f;
#define BLOB(f, max) struct str f;
#define END(name)                                                                                  \
	char name##_end_[0];                                                                       \
	};
#include "bus/each_message.h"

struct frame {
	uint16_t type;
	uint64_t subject;
	uint64_t seq;
	struct str body; /* the fields */
};

/* What messages.def says of a type; NULL for a number that no message has. */
struct bus_message_info {
	const char *name;
	uint16_t type;
	unsigned senders, receivers, flags;
	uint32_t max_size; /* of the whole frame, all fields at their limits */
};
const struct bus_message_info *bus_message_info(uint16_t type);
bool bus_may_send(unsigned sender, unsigned receiver, uint16_t type);
/* The i-th message of the table, NULL past the end. */
const struct bus_message_info *bus_message_at(size_t i);

/*
 * int bus_put_hello(struct buf *out, uint64_t subject, const struct msg_hello *m), ...
 * Append a whole frame (its seq is 0; links fill it in).  0, BH_ETOOBIG when a field is over
 * its limit, or BH_ENOMEM; on an error nothing was added.
 *
 * int bus_get_hello(struct str body, struct msg_hello *m), ...
 * 0, or BH_EPROTO: short, long, or a field over its limit.  Texts must be valid UTF-8.
 */
#define MSG(NAME, name, num, from, to, flags)                                                      \
	int bus_put_##name(struct buf *out, uint64_t subject, const struct msg_##name *m);         \
	int bus_get_##name(struct str body, struct msg_##name *m);
#include "bus/each_message.h"

/* Looks at the start of a run of bytes for a whole frame.  1: *frame is set and *size is its
 * length; 0: more bytes are needed; BH_EPROTO: impossible length.  BH_ETOOBIG: over max. */
int bus_frame_peek(const uint8_t *p, size_t n, size_t max, struct frame *frame, size_t *size);

#endif
