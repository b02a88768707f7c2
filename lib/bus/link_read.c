/* The reading side of a link: whole frames out of a buffer, checked and handed over.
 *
 * What a peer can make us keep is bounded by what its role may send: type and length are
 * judged as soon as they are there, before the body is waited for. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/secret.h"
#include "bus/link_private.h"
#include "bus/wire.h"

enum {
	IN_FIRST = 64 * 1024, /* the buffer; libuv reads until it has got less than that */
	IN_KEEP = 256 * 1024, /* larger ones are given back */
	GREETING_MAX = 4096,  /* another version's HELLO may be longer than ours */
	HEAD_JUDGED = 8,      /* length, type, zero */
};

static uint32_t size_limit(const struct bus_message_info *info)
{
	return info->type <= BUS_REFUSE ? GREETING_MAX : info->max_size;
}

/* May the frame whose first bytes are at p come in at all? */
static const struct bus_message_info *judge(struct link *link, const uint8_t *p)
{
	uint16_t type = wire_u16_at(p + 4);
	uint32_t len = wire_u32_at(p);
	const struct bus_message_info *info = bus_info(type);
	const char *peer = bus_role_name(link->spec.peer);

	if (info == NULL || !bus_info_allows(info, link->spec.peer, link->spec.self)) {
		link_fail(link, "frame of type 0x%04x is not allowed from %s", type,
			peer != NULL ? peer : "that role");
		return NULL;
	}
	if (!link->greeted && type > BUS_REFUSE) {
		link_fail(link, "%s before the greeting", info->name);
		return NULL;
	}
	if (len > size_limit(info)) {
		link_fail(link, "%s of %" PRIu32 " bytes is over its limit of %" PRIu32, info->name,
			len, size_limit(info));
		return NULL;
	}
	return info;
}

/* Custody numbers have no gap and no repeat: a frame that was lost must not go unnoticed. */
static bool in_sequence(struct link *link, const struct bus_message_info *info, uint64_t seq)
{
	uint64_t due = (info->flags & BUS_CUSTODY) != 0 ? link->got + 1 : 0;

	if (seq != due)
		link_fail(link, "%s has number %" PRIu64 " where %" PRIu64 " was due", info->name,
			seq, due);
	return seq == due;
}

static int take_held(struct link *link, const struct frame *frame)
{
	struct msg_held held;
	int rc = bus_get_held(frame->body, &held);

	if (rc < 0)
		return rc;
	if (held.upto < link->held || held.upto > link->sent)
		return BH_EPROTO;
	link->held = held.upto;
	if (link->spec.on_held != NULL)
		link->spec.on_held(link->spec.owner, held.upto);
	return 0;
}

static int handle(struct link *link, const struct bus_message_info *info, const struct frame *frame)
{
	struct bus_event event = {link->event_owner, link, frame};
	bus_handler_fn *fn = link->handlers[info - bus_table];

	if (info->type <= BUS_REFUSE && link->greet != NULL)
		return link->greet(link->greet_arg, frame);
	if (info->type == BUS_HELD)
		return take_held(link, frame);
	if (fn != NULL)
		return fn(&event);
	return (info->flags & BUS_CUSTODY) != 0 ? BH_ENOTFOUND : 0;
}

static void dispatch(struct link *link, const struct bus_message_info *info,
	const struct frame *frame, uint8_t *body)
{
	int rc;

	if (!in_sequence(link, info, frame->seq))
		return;
	rc = handle(link, info, frame);
	if ((info->flags & BUS_SECRET) != 0)
		secret_wipe(body, frame->body.len);
	if (rc < 0) {
		link_fail(link, "%s: %s", info->name, bh_strerror(rc));
	} else if ((info->flags & BUS_CUSTODY) != 0) {
		link->got++;
		link_dirty(link); /* a HELD is due */
	}
}

/* Takes the frame that begins at *at, if it is there as a whole. */
static bool take_frame(struct link *link, size_t *at)
{
	uint8_t *p = link->in + *at;
	size_t n = link->in_len - *at, size;
	const struct bus_message_info *info;
	struct frame frame;
	int rc = bus_frame_peek(p, n, BUS_FRAME_MAX, &frame, &size);

	if (rc < 0) {
		link_fail(link, "a frame's header is impossible: %s", bh_strerror(rc));
		return false;
	}
	if (n < HEAD_JUDGED)
		return false;
	info = judge(link, p);
	if (info == NULL || rc == 0)
		return false;
	*at += size;
	dispatch(link, info, &frame, p + BUS_HEADER_SIZE);
	return true;
}

/* Moves the beginning of the next frame to the front.  Of a secret one, no copy stays. */
static void keep_tail(struct link *link, size_t at)
{
	size_t tail = link->in_len - at;
	const struct bus_message_info *info;

	if (at == 0)
		return;
	if (tail > 0)
		memmove(link->in, link->in + at, tail);
	if (tail > BUS_HEADER_SIZE) {
		info = bus_info(wire_u16_at(link->in + 4));
		if (info != NULL && (info->flags & BUS_SECRET) != 0)
			secret_wipe(link->in + tail, link->in_len - tail);
	}
	link->in_len = tail;
}

static void resize(struct link *link, size_t cap)
{
	uint8_t *in;

	BUG_ON(cap < IN_FIRST);
	in = realloc(link->in, cap);
	if (in == NULL) {
		link_fail(link, "no memory for a frame");
		return;
	}
	link->in = in;
	link->in_cap = cap;
}

/* The next read needs room; a large frame, once taken, needs none any more.  Secret frames are
 * smaller than IN_FIRST, so that no realloc leaves one behind. */
static void fit_buffer(struct link *link)
{
	if (link->in_len == link->in_cap)
		resize(link, link->in_cap * 2 < BUS_FRAME_MAX ? link->in_cap * 2 : BUS_FRAME_MAX);
	else if (link->in_cap > IN_KEEP && link->in_len < IN_FIRST)
		resize(link, IN_FIRST);
}

static void take_frames(struct link *link)
{
	size_t at = 0;

	while (link->state == LINK_OPEN && take_frame(link, &at))
		;
	if (link->state != LINK_OPEN)
		return;
	keep_tail(link, at);
	fit_buffer(link);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
	struct link *link = handle->data;

	(void)suggested;
	/* A draining link throws away what comes. */
	if (link->state == LINK_DRAINING)
		link->in_len = 0;
	*out = uv_buf_init(
		(char *)link->in + link->in_len, (unsigned)(link->in_cap - link->in_len));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct link *link = stream->data;

	(void)buf;
	if (n == UV_EOF) {
		link_fail(link, LINK_CLOSED_BY_PEER);
	} else if (n < 0) {
		link_fail(link, "read: %s", uv_strerror((int)n));
	} else if (n > 0) {
		link->in_len += (size_t)n;
		take_frames(link);
	}
}

int link_read_start(struct link *link)
{
	link->in = malloc(IN_FIRST);
	if (link->in == NULL)
		return BH_ENOMEM;
	link->in_cap = IN_FIRST;
	return uv_read_start((uv_stream_t *)&link->pipe, on_alloc, on_read);
}

void link_read_fini(struct link *link)
{
	if (link->in != NULL)
		secret_wipe(link->in, link->in_cap);
	free(link->in);
}
