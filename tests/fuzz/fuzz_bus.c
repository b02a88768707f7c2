/* Any bytes as each message of messages.def, and as frames.  The first byte says which message; the
 * rest is its fields: what can be decoded is encoded as the same bytes. */
#include "base/err.h"
#include "bus/bus.h"
#include "bus/wire.h"
#include "fuzz.h"

struct codec {
	const char *name;
	int (*again)(struct str body, struct buf *out);
};

/* again_hello(), ...: decodes and encodes. */
#define MSG(NAME, name, num, from, to, flags)                                                      \
	static int again_##name(struct str body, struct buf *out)                                  \
	{                                                                                          \
		struct msg_##name m;                                                               \
		int rc = bus_get_##name(body, &m);                                                 \
                                                                                                   \
		return rc == 0 ? bus_put_##name(out, num, &m) : rc;                                \
	}
#include "bus/each_message.h"

static const struct codec codecs[] = {
#define MSG(NAME, name, num, from, to, flags) {#name, again_##name},
#include "bus/each_message.h"
};

enum { COUNT = sizeof codecs / sizeof codecs[0] };

static void check_message(const struct bus_message_info *info, const struct codec *codec, struct str body)
{
	struct buf out = BUF_INIT;
	struct frame frame;
	size_t size;
	int rc = codec->again(body, &out);

	if (rc == 0) {
		require(out.len <= info->max_size);
		require(bus_frame_peek(out.data, out.len, BUS_FRAME_MAX, &frame, &size) == 1);
		require(size == out.len && frame.type == info->type && frame.subject == info->type);
		require(str_eq(frame.body, body));
	} else {
		require(rc == BH_EPROTO && out.len == 0);
	}
	buf_fini(&out);
}

/* The same bytes, cut anywhere, are no other frame. */
static void check_frames(struct str in)
{
	struct frame whole, cut;
	size_t size = 0, other;
	int rc = bus_frame_peek((const uint8_t *)in.p, in.len, BUS_FRAME_MAX, &whole, &size);

	require(rc != 1 || (size >= BUS_HEADER_SIZE && size <= in.len));
	for (size_t n = 0; n < in.len && n < 2 * BUS_HEADER_SIZE; n++) {
		int at = bus_frame_peek((const uint8_t *)in.p, n, BUS_FRAME_MAX, &cut, &other);

		require(at == 0 || at == rc);
		require(at != 1 || (other == size && cut.type == whole.type));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_make(data, size), body = in;
	uint8_t which = take_choice(&body);

	require(bus_message_at(COUNT) == NULL && bus_message_at(COUNT - 1) != NULL);
	if (which < COUNT && body.p != NULL)
		check_message(bus_message_at(which), &codecs[which], body);
	check_frames(in);
	return 0;
}
