/* The buffers that all streams of a loop share, and the end of the loop's turn. */
#include <stdlib.h>

#include "base/alloc.h"
#include "net/stream_private.h"
#include "net/tls_handshake.h"

enum {
	OUT_FIRST = 1024,
	/* Larger output buffers, and more than so many, are not kept. */
	OUT_KEPT_SIZE = 16 * 1024,
	OUT_KEPT = 64,
	WIRE_SIZE = STREAM_CHUNK + 1024,
	WIRE_KEPT_SIZE = 2 * WIRE_SIZE,
};

struct stream_out *stream_hub_take_out(struct stream_hub *hub)
{
	struct stream_out *out = hub->pool;

	if (out == NULL) {
		out = bh_alloc(sizeof *out);
		buf_grow(&out->buf, OUT_FIRST);
		return out;
	}
	hub->pool = out->next;
	hub->pooled--;
	return out;
}

void stream_hub_give_out(struct stream_hub *hub, struct stream_out **where)
{
	struct stream_out *out = *where;

	*where = NULL;
	if (out == NULL)
		return;
	if (hub->pooled >= OUT_KEPT || out->buf.cap > OUT_KEPT_SIZE) {
		buf_fini(&out->buf);
		free(out);
		return;
	}
	buf_clear(&out->buf);
	out->head = 0;
	out->next = hub->pool;
	hub->pool = out;
	hub->pooled++;
}

static void run_turn(struct stream *s)
{
	if (s->resumed && !s->paused && !s->choked && s->closing == NULL)
		stream_read_resume(s);
	if (s->greeting && s->closing == NULL)
		stream_greet(s);
	if (s->ticket && !s->closed && !s->broken) {
		s->ticket = false;
		tls_session_send_ticket(s->tls);
	}
	stream_flush(s, false);
	stream_send_wire(s); /* a ticket that nothing took along */
	stream_answers_taken(s);
	if (s->waiting && s->closing == NULL && s->sent >= s->wait_at) {
		s->waiting = false;
		s->handlers->on_sent(s->owner);
	}
	if (s->closing != NULL)
		stream_finish(s);
}

static void on_idle(uv_idle_t *idle)
{
	(void)idle;
}

/* The idle handle keeps the loop from waiting, or ending, before the turn has ended, and every handshake that may has begun. */
void stream_schedule(struct stream *s)
{
	if (s->closed || !list_empty(&s->turn))
		return;
	if (list_empty(&s->hub->turn))
		uv_idle_start(&s->hub->idle, on_idle);
	list_append(&s->hub->turn, &s->turn);
}

void stream_wake(void *stream)
{
	struct stream *s = stream;

	s->resumed = true;
	stream_schedule(s);
}

/* Streams that are scheduled meanwhile have their turn next time, without a wait before it: so
 * none can hold up the loop. */
static void run_turns(struct stream_hub *hub)
{
	struct list now;

	list_init(&now);
	list_splice(&now, &hub->turn);
	while (!list_empty(&now)) {
		struct stream *s = container_of(now.next, struct stream, turn);

		list_remove(&s->turn);
		run_turn(s);
	}
	if (hub->io.out.cap > WIRE_KEPT_SIZE)
		buf_fini(&hub->io.out);
}

static void end_turn(struct stream_hub *hub)
{
	if (!list_empty(&hub->turn))
		run_turns(hub);
	/* Not only after a turn: all that were scheduled may have closed, and the loop would spin. */
	if (list_empty(&hub->turn) && !tls_handshake_due(&hub->io))
		uv_idle_stop(&hub->idle);
	if (hub->flushed != NULL)
		hub->flushed(hub->flushed_owner);
}

/* After the sockets were read.  Only here the next handshakes are called, once in a turn of the loop. */
static void on_check(uv_check_t *check)
{
	struct stream_hub *hub = check->data;

	end_turn(hub);
	tls_handshake_turn(&hub->io);
}

/* Before the loop waits, for what timers wrote. */
static void on_prepare(uv_prepare_t *prepare)
{
	end_turn(prepare->data);
}

void stream_hub_on_flushed(struct stream_hub *hub, void (*flushed)(void *owner), void *owner)
{
	hub->flushed = flushed;
	hub->flushed_owner = owner;
}

int stream_hub_start(uv_loop_t *loop, struct stream_hub **out)
{
	struct stream_hub *hub = bh_alloc(sizeof *hub);

	hub->loop = loop;
	list_init(&hub->turn);
	buf_grow(&hub->io.out, WIRE_SIZE);
	list_init(&hub->io.waiting);
	hub->io.stacks = coroutine_pool_create(TLS_STACKS);
	hub->io.wake = stream_wake;
	uv_prepare_init(loop, &hub->prepare);
	uv_idle_init(loop, &hub->idle);
	hub->prepare.data = hub;
	hub->idle.data = hub;
	uv_check_init(loop, &hub->check);
	hub->check.data = hub;
	hub->handles = 3;
	uv_prepare_start(&hub->prepare, on_prepare);
	uv_unref((uv_handle_t *)&hub->prepare);
	uv_check_start(&hub->check, on_check);
	uv_unref((uv_handle_t *)&hub->check);
	*out = hub;
	return 0;
}

static void hub_free(struct stream_hub *hub)
{
	while (hub->pool != NULL) {
		struct stream_out *out = hub->pool;

		hub->pool = out->next;
		buf_fini(&out->buf);
		free(out);
	}
	buf_fini(&hub->sink);
	buf_fini_secret(&hub->io.out);
	coroutine_pool_free(&hub->io.stacks);
	free(hub);
}

static void on_hub_handle_closed(uv_handle_t *handle)
{
	struct stream_hub *hub = handle->data;
	void (*done)(void *) = hub->done;
	void *arg = hub->arg;

	if (--hub->handles > 0)
		return;
	hub_free(hub);
	if (done != NULL)
		done(arg);
}

void stream_hub_check(struct stream_hub *hub)
{
	if (!hub->stopping || hub->streams > 0 || uv_is_closing((uv_handle_t *)&hub->prepare))
		return;
	uv_close((uv_handle_t *)&hub->prepare, on_hub_handle_closed);
	uv_close((uv_handle_t *)&hub->check, on_hub_handle_closed);
	uv_close((uv_handle_t *)&hub->idle, on_hub_handle_closed);
}

void stream_hub_stop(struct stream_hub **hub, void (*done)(void *), void *arg)
{
	struct stream_hub *h = *hub;

	*hub = NULL;
	if (h == NULL)
		return;
	h->stopping = true;
	h->done = done;
	h->arg = arg;
	stream_hub_check(h);
}
