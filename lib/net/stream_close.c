/* The ways out: what is queued is written, TLS says goodbye, the peer hears the end, the handles
 * close, the owner gets its last call. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "net/stream_private.h"

static void on_handle_closed(uv_handle_t *handle)
{
	struct stream *s = handle->data;
	struct stream_hub *hub = s->hub;

	if (--s->handles > 0)
		return;
	if (!s->silent)
		s->handlers->on_closed(
			s->owner, s->closing->why[0] != '\0' ? s->closing->why : NULL);
	tls_session_free(&s->tls);
	free(s->held);
	free(s->closing);
	free(s);
	hub->streams--;
	stream_hub_check(hub);
}

void stream_abandon(struct stream *s)
{
	if (s->closed)
		return;
	s->closed = true;
	list_remove(&s->turn);
	stream_hub_give_out(s->hub, &s->out);
	if (s->closing != NULL && s->closing->timed)
		uv_close((uv_handle_t *)&s->closing->timer, on_handle_closed);
	uv_close((uv_handle_t *)&s->tcp, on_handle_closed);
}

static void on_linger_over(uv_timer_t *timer)
{
	stream_abandon(timer->data);
}

void stream_begin_close(struct stream *s, const char *why, unsigned linger_ms)
{
	struct stream_closing *c;

	if (s->closing != NULL)
		return;
	c = s->closing = bh_alloc(sizeof *c);
	if (why != NULL)
		snprintf(c->why, sizeof c->why, "%s", why);
	s->waiting = false;
	if (s->tls != NULL)
		tls_session_cancel(s->tls);
	if (linger_ms > 0) {
		c->timed = true;
		s->handles++;
		uv_timer_init(s->hub->loop, &c->timer);
		c->timer.data = s;
		uv_timer_start(&c->timer, on_linger_over, linger_ms, 0);
	}
	stream_schedule(s);
}

void stream_fail(struct stream *s, const char *why)
{
	stream_begin_close(s, why, 0);
	stream_abandon(s);
}

bool stream_peer_left(const char *why)
{
	return strcmp(why, "closed by the peer") == 0 || strcmp(why, "connection reset by peer") == 0;
}

void stream_fail_code(struct stream *s, int rc)
{
	char why[80];

	snprintf(why, sizeof why, "%s",
		rc == UV_ECONNRESET || rc == UV_EPIPE ? "connection reset by peer" :
		rc == UV_ENOMEM || rc == UV_ENOBUFS   ? "out of memory" :
							uv_strerror(rc));
	stream_fail(s, why);
}

/* Our end is told.  The peer may end first what it is sending: closing a socket with unread
 * bytes would reset the connection, and our last words could be lost. */
static void on_shutdown(uv_shutdown_t *req, int status)
{
	struct stream *s = req->data;

	if (s->closed)
		return;
	if (status < 0 || s->eof)
		stream_abandon(s);
	else
		stream_read_start(s);
}

static void say_goodbye(struct stream *s)
{
	s->goodbye = true;
	if (s->secure && !s->broken) {
		tls_session_bye(s->tls);
		stream_send_wire(s);
	}
}

void stream_finish(struct stream *s)
{
	struct stream_closing *c = s->closing;
	bool stuck = s->broken || (s->tls != NULL && !s->secure);

	if (s->closed)
		return;
	if (c->timed && (s->writes > 0 || (stream_has_output(s) && !stuck)))
		return;
	if (s->goodbye) {
		if (s->eof)
			stream_abandon(s);
		return;
	}
	say_goodbye(s);
	if (s->closed)
		return;
	c->shutdown.data = s;
	if (!c->timed || uv_shutdown(&c->shutdown, (uv_stream_t *)&s->tcp, on_shutdown) < 0)
		stream_abandon(s);
}
