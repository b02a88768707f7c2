/* The codecs and the table of messages, made from messages.def. */
#include "bus/bus.h"

#include "base/alloc.h"
#include "base/err.h"
#include "bus/table.h"
#include "bus/wire.h"

/* MAX_HELLO, ...: the size of a frame whose fields are all as long as they may be. */
enum {
#define MSG(NAME, name, num, from, to, flags) MAX_##NAME = BUS_HEADER_SIZE
#define U8(f) +1
#define U16(f) +2
#define U32(f) +4
#define U64(f) +8
#define ID(f) +16
#define TEXT(f, max) +4 + (max)
#define BLOB(f, max) +4 + (max)
#define END(name) ,
#include "bus/each_message.h"
};

const struct bus_message_info bus_table[BUS_MESSAGE_COUNT] = {
#define MSG(NAME, name, num, from, to, flags) {#NAME, num, from, to, flags, MAX_##NAME},
#include "bus/each_message.h"
};

const uint8_t bus_index_of[BUS_TYPE_LIMIT] = {
#define MSG(NAME, name, num, from, to, flags) [num] = BUS_INDEX_##NAME + 1,
#include "bus/each_message.h"
};

_Static_assert(BUS_MESSAGE_COUNT < UINT8_MAX, "bus_index_of holds bytes");

/* Every message's largest frame is one that a link lets through. */
#define MSG(NAME, name, num, from, to, flags)                                                      \
	_Static_assert(MAX_##NAME <= BUS_FRAME_MAX, "over BUS_FRAME_MAX: " #NAME);
#include "bus/each_message.h"

const struct bus_message_info *bus_message_info(uint16_t type)
{
	return bus_info(type);
}

const struct bus_message_info *bus_message_at(size_t i)
{
	return i < BUS_MESSAGE_COUNT ? &bus_table[i] : NULL;
}

bool bus_may_send(unsigned sender, unsigned receiver, uint16_t type)
{
	const struct bus_message_info *info = bus_info(type);

	/* A set of roles is no role. */
	if (info == NULL || bus_role_name(sender) == NULL || bus_role_name(receiver) == NULL)
		return false;
	return bus_info_allows(info, sender, receiver);
}

int bus_frame_peek(const uint8_t *p, size_t n, size_t max, struct frame *frame, size_t *size)
{
	uint32_t len;

	if (n < sizeof len)
		return 0;
	len = wire_u32_at(p);
	if (len < BUS_HEADER_SIZE)
		return BH_EPROTO;
	if (len > max)
		return BH_ETOOBIG;
	if (n >= 8 && wire_u16_at(p + 6) != 0)
		return BH_EPROTO;
	if (n < len)
		return 0;
	frame->type = wire_u16_at(p + 4);
	frame->subject = wire_u64_at(p + 8);
	frame->seq = wire_u64_at(p + 16);
	frame->body = str_make(p + BUS_HEADER_SIZE, len - BUS_HEADER_SIZE);
	*size = len;
	return 1;
}

/* Makes room for a frame of that size (0: a field was over its limit) and writes its header. */
static int frame_open(
	struct wire_writer *w, struct buf *out, size_t size, uint16_t type, uint64_t subject)
{
	bool had_failed = out->failed;
	uint8_t *at;

	if (size == 0)
		return BH_ETOOBIG;
	at = buf_room(out, size);
	if (at == NULL || had_failed) {
		out->failed = had_failed;
		return BH_ENOMEM;
	}
	*w = (struct wire_writer){at, at + size, false};
	wire_put_u32(w, (uint32_t)size);
	wire_put_u16(w, type);
	wire_put_u16(w, 0);
	wire_put_u64(w, subject);
	wire_put_u64(w, 0);
	return 0;
}

static void frame_close(const struct wire_writer *w, struct buf *out, size_t size)
{
	BUG_ON(w->bad || w->p != w->end);
	buf_commit(out, size);
}

/* size_hello(), ...: of the whole frame, or 0 when a field is over its limit. */
#define MSG(NAME, name, num, from, to, flags)                                                      \
	static size_t size_##name(const struct msg_##name *m)                                      \
	{                                                                                          \
		size_t size = BUS_HEADER_SIZE;                                                     \
                                                                                                   \
		(void)m;
#define U8(f) size += 1;
#define U16(f) size += 2;
#define U32(f) size += 4;
#define U64(f) size += 8;
#define ID(f) size += sizeof(m->f.b);
#define TEXT(f, max)                                                                               \
	if (m->f.len > (max))                                                                      \
		return 0;                                                                          \
	size += wire_str_size(m->f);
#define BLOB(f, max) TEXT(f, max)
#define END(name)                                                                                  \
		return size;                                                                       \
	}
#include "bus/each_message.h"

#define MSG(NAME, name, num, from, to, flags)                                                      \
	int bus_put_##name(struct buf *out, uint64_t subject, const struct msg_##name *m)          \
	{                                                                                          \
		struct wire_writer w;                                                              \
		size_t size = size_##name(m);                                                      \
		int rc = frame_open(&w, out, size, num, subject);                                  \
                                                                                                   \
		if (rc < 0)                                                                        \
			return rc;
#define U8(f) wire_put_u8(&w, m->f);
#define U16(f) wire_put_u16(&w, m->f);
#define U32(f) wire_put_u32(&w, m->f);
#define U64(f) wire_put_u64(&w, m->f);
#define ID(f) wire_put_id(&w, &m->f);
#define TEXT(f, max) wire_put_text(&w, m->f);
#define BLOB(f, max) wire_put_blob(&w, m->f);
#define END(name)                                                                                  \
		frame_close(&w, out, size);                                                        \
		return 0;                                                                          \
	}
#include "bus/each_message.h"

#define MSG(NAME, name, num, from, to, flags)                                                      \
	int bus_get_##name(struct str body, struct msg_##name *m)                                  \
	{                                                                                          \
		const uint8_t *p = (const uint8_t *)body.p;                                        \
		struct wire_reader r = {p, p + body.len, false};                                   \
                                                                                                   \
		(void)m;
#define U8(f) m->f = wire_get_u8(&r);
#define U16(f) m->f = wire_get_u16(&r);
#define U32(f) m->f = wire_get_u32(&r);
#define U64(f) m->f = wire_get_u64(&r);
#define ID(f) m->f = wire_get_id(&r);
#define TEXT(f, max) m->f = wire_get_text(&r, (max));
#define BLOB(f, max) m->f = wire_get_blob(&r, (max));
#define END(name)                                                                                  \
		return wire_end(&r);                                                               \
	}
#include "bus/each_message.h"
