/* The writing side of a link: two queues, written together at the end of the loop's turn.
 *
 * What the kernel does not take at once is left to a uv_write of a bounded run of whole frames,
 * so that a later urgent frame waits for no more than that run. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/secret.h"
#include "bus/link_private.h"
#include "bus/wire.h"

enum {
	QUEUE_KEEP = 1024 * 1024, /* memory that an empty queue keeps */
	STAGING_KEEP = 64 * 1024,
	RUN = 64 * 1024, /* about what one uv_write is given */
	SEQ_AT = 16,     /* of the number in the header */
};

static struct link_queue *queue_of(struct link *link, const struct bus_message_info *info)
{
	return (info->flags & BUS_URGENT) != 0 ? &link->urgent : &link->ordinary;
}

/* The loop's callback that keeps it from sleeping; on_prepare does the work. */
static void on_idle(uv_idle_t *idle)
{
	(void)idle;
}

void link_dirty(struct link *link)
{
	if (link->dirty || link->state == LINK_CLOSING)
		return;
	link->dirty = true;
	uv_idle_start(&link->idle, on_idle);
}

int link_put_begin(struct link *link, uint16_t type, struct link_put *put)
{
	const struct bus_message_info *info = bus_info(type);
	struct link_queue *q;

	if (link->state != LINK_OPEN || link->write_error != 0)
		return BH_ECLOSED;
	if (info == NULL || !bus_info_allows(info, link->spec.self, link->spec.peer))
		return BH_EDENIED;
	q = queue_of(link, info);
	put->type = type;
	put->out = (info->flags & BUS_SECRET) != 0 || q->secret ? &link->staging : &q->filling;
	put->start = put->out->len;
	return 0;
}

/* Appends; when the memory has to move, the old place is wiped. */
static int append_wiping(struct buf *b, const struct buf *from)
{
	size_t cap = b->cap * 2 > b->len + from->len ? b->cap * 2 : b->len + from->len;
	uint8_t *data;

	if (b->cap - b->len < from->len) {
		data = malloc(cap);
		if (data == NULL)
			return BH_ENOMEM;
		if (b->len > 0)
			memcpy(data, b->data, b->len);
		buf_fini_secret(&(struct buf){b->data, b->len, b->cap, false});
		b->data = data;
		b->cap = cap;
	}
	memcpy(b->data + b->len, from->data, from->len);
	b->len += from->len;
	return 0;
}

static void clear_staging(struct link *link)
{
	if (link->staging.cap > STAGING_KEEP) {
		buf_fini_secret(&link->staging);
		return;
	}
	if (link->staging.len > 0)
		secret_wipe(link->staging.data, link->staging.len);
	buf_clear(&link->staging);
}

static int unstage(struct link *link, struct link_queue *q)
{
	int rc = append_wiping(&q->filling, &link->staging);

	if (rc == 0)
		q->secret = true;
	clear_staging(link);
	return rc;
}

/* So much more waits: for the link alone, or for its peer. */
static size_t count(struct link *link, size_t n)
{
	link->queued += n;
	if (link->spec.shared == NULL)
		return link->queued;
	*link->spec.shared += n;
	return link->queued > LINK_QUEUE_OWN ? *link->spec.shared : link->queued;
}

/* So much less. */
static void uncount(struct link *link, size_t n)
{
	link->queued -= n;
	if (link->spec.shared != NULL)
		*link->spec.shared -= n;
}

int link_put_end(struct link *link, struct link_put *put, int rc)
{
	const struct bus_message_info *info = bus_info(put->type);
	size_t size = put->out->len - put->start;
	uint64_t seq = htobe64(link->sent + 1);
	size_t waiting;

	if (rc == 0 && (info->flags & BUS_CUSTODY) != 0)
		memcpy(put->out->data + put->start + SEQ_AT, &seq, sizeof seq);
	if (rc == 0 && put->out == &link->staging)
		rc = unstage(link, queue_of(link, info));
	if (rc < 0) {
		put->out->len = put->start;
		return rc;
	}
	if ((info->flags & BUS_CUSTODY) != 0)
		link->sent++;
	waiting = count(link, size);
	link->crowded |= link->queued > LINK_ROOM;
	link_dirty(link);
	if (waiting > LINK_QUEUE_MAX) {
		link_fail(link, "%zu bytes wait for it: it does not read", waiting);
		return BH_ECLOSED;
	}
	return 0;
}

/* Empties a buffer that is written, and keeps its memory unless it is a lot. */
static void reuse(struct buf *b)
{
	if (b->cap > QUEUE_KEEP)
		buf_fini(b);
	else
		buf_clear(b);
}

static void wipe_queue(struct link_queue *q)
{
	if (q->secret) {
		buf_fini_secret(&q->filling);
		buf_fini_secret(&q->active);
	}
	buf_fini(&q->filling);
	buf_fini(&q->active);
	q->pos = 0;
	q->edge = 0;
	q->secret = false;
}

void link_write_fini(struct link *link)
{
	wipe_queue(&link->urgent);
	wipe_queue(&link->ordinary);
	buf_fini_secret(&link->staging);
}

/* Takes up what was added, once active is written. */
static void turn_over(struct link_queue *q)
{
	struct buf empty = q->active;

	if (q->active.len > 0)
		return;
	q->active = q->filling;
	q->filling = empty;
}

/* The first end of a frame at or after `at`. */
static size_t edge_after(const struct link_queue *q, size_t at)
{
	size_t edge = q->edge;

	while (edge < at)
		edge += wire_u32_at(q->active.data + edge);
	return edge;
}

/* n more bytes of active are written. */
static void advance(struct link *link, struct link_queue *q, size_t n)
{
	size_t pos = q->pos + n;
	bool all = pos == q->active.len;

	/* The headers are looked at before a wipe takes them. */
	q->edge = all ? 0 : edge_after(q, pos);
	if (q->secret && n > 0)
		secret_wipe(q->active.data + q->pos, n);
	q->pos = all ? 0 : pos;
	uncount(link, n);
	if (all) {
		reuse(&q->active);
		q->secret = q->secret && q->filling.len > 0;
	}
}

/* Nothing more will be taken.  One more turn reads what the peer said last (a REFUSE, HELDs),
 * then the link ends, if its end did not show in reading already. */
static void write_broke(struct link *link, int rc)
{
	link->write_error = rc;
	uncount(link, link->queued);
	wipe_queue(&link->urgent);
	wipe_queue(&link->ordinary);
	link_dirty(link);
}

static void on_written(uv_write_t *request, int status)
{
	struct link *link = request->data;
	struct link_queue *q = link->writing;

	link->writing = NULL;
	if (link->state == LINK_CLOSING)
		return;
	if (status < 0) {
		write_broke(link, status);
		return;
	}
	advance(link, q, link->writing_end - q->pos);
	link_dirty(link);
}

/* The kernel is full: hands a run of whole frames to uv_write. */
static void write_later(struct link *link)
{
	struct link_queue *q = &link->urgent;
	uv_buf_t buf;
	size_t end;
	int rc;

	turn_over(q);
	if (q->active.len == 0) {
		q = &link->ordinary;
		turn_over(q);
	}
	end = q->active.len - q->pos > RUN ? edge_after(q, q->pos + RUN) : q->active.len;
	buf = uv_buf_init((char *)q->active.data + q->pos, (unsigned)(end - q->pos));
	link->request.data = link;
	rc = uv_write(&link->request, (uv_stream_t *)&link->pipe, &buf, 1, on_written);
	if (rc < 0) {
		write_broke(link, rc);
		return;
	}
	link->writing = q;
	link->writing_end = end;
}

static unsigned gather(struct link_queue *q, uv_buf_t *v)
{
	turn_over(q);
	if (q->active.len == 0)
		return 0;
	*v = uv_buf_init((char *)q->active.data + q->pos, (unsigned)(q->active.len - q->pos));
	return 1;
}

/* One write of what can go.  True when the kernel took it all. */
static bool write_once(struct link *link)
{
	uv_buf_t v[2];
	unsigned urgent = gather(&link->urgent, v), n = urgent;
	size_t first = urgent != 0 ? v[0].len : 0, want, done;
	int rc;

	/* Newer urgent frames, if there are any, go before the ordinary ones. */
	if (link->urgent.filling.len == 0)
		n += gather(&link->ordinary, v + n);
	want = first + (n > urgent ? v[urgent].len : 0);
	rc = uv_try_write((uv_stream_t *)&link->pipe, v, n);
	if (rc < 0 && rc != UV_EAGAIN) {
		write_broke(link, rc);
		return false;
	}
	done = rc > 0 ? (size_t)rc : 0;
	if (first > 0)
		advance(link, &link->urgent, done < first ? done : first);
	if (done > first)
		advance(link, &link->ordinary, done - first);
	return done == want;
}

static void confirm(struct link *link)
{
	struct msg_held held = {.upto = link->got};

	if (link->got > link->confirmed && LINK_SEND(link, HELD, held, 0, &held) == 0)
		link->confirmed = link->got;
}

void link_flush(struct link *link)
{
	if (link->state == LINK_CLOSING)
		return;
	if (link->write_error != 0) {
		link_fail(link, "write: %s", uv_strerror(link->write_error));
		return;
	}
	if (link->writing == NULL) {
		confirm(link);
		while (link->queued > 0 && write_once(link))
			;
		if (link->queued > 0)
			write_later(link);
	}
	if (link->write_error != 0)
		return;
	link->dirty = false;
	uv_idle_stop(&link->idle);
	if (link->state == LINK_DRAINING && link->queued == 0)
		link_fail(link, "done");
}
