/* From the socket to on_data: PROXY header, TLS records, plaintext. */
#include <stdlib.h>

#include "base/err.h"
#include "base/secret.h"
#include "net/stream_private.h"

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct stream *s = handle->data;

	(void)suggested;
	*buf = uv_buf_init((char *)s->hub->read + STREAM_HEADROOM, STREAM_READ_SIZE);
}

static void hold(struct stream *s, const uint8_t *p, size_t n)
{
	if (n == 0)
		return;
	s->held = malloc(n);
	if (s->held == NULL) {
		stream_fail(s, "out of memory");
		return;
	}
	memcpy(s->held, p, n);
	s->held_len = n;
}

/* What is held must be used first. */
static bool must_not_read(const struct stream *s)
{
	return s->held != NULL && s->tls != NULL && tls_session_waits(s->tls);
}

static void tls_failed(struct stream *s)
{
	char why[sizeof s->closing->why];

	s->broken = true;
	tls_session_why(s->tls, why, sizeof why);
	stream_begin_close(s, why, 0);
}

static bool step_handshake(struct stream *s)
{
	int rc = tls_session_handshake(s->tls);

	if (rc == BH_EAGAIN)
		return false;
	if (rc < 0) {
		tls_failed(s);
		return false;
	}
	s->secure = true;
	s->ticket = !tls_session_is_client(s->tls);
	stream_schedule(s);
	s->handlers->on_secure(s->owner);
	return true;
}

static bool step_data(struct stream *s)
{
	uint8_t *plain = s->hub->plain;
	ssize_t n = tls_session_read(s->tls, plain, sizeof s->hub->plain);

	if (n > 0) {
		stream_give(s, plain, (size_t)n);
		/* A password may have been in it. */
		secret_wipe(plain, (size_t)n);
		return true;
	}
	if (n == BH_ECLOSED)
		stream_begin_close(s, "closed by the peer", 0);
	else if (n != BH_EAGAIN)
		tls_failed(s);
	return false;
}

void stream_greet(struct stream *s)
{
	s->greeting = false;
	s->hub->io.in = s->hub->io.end = NULL;
	(void)step_handshake(s);
	stream_send_wire(s);
}

/* Whole records go to TLS; what is left, a part of one or all behind a pause, is held.  While the handshake waits the
 * socket is still read, to see its end, until something comes that must be held. */
static void input_tls(struct stream *s, const uint8_t *p, size_t n)
{
	struct tls_io *io = &s->hub->io;
	ssize_t whole = tls_whole_records(p, n);
	bool more = true;

	if (whole < 0) {
		stream_fail(s, "TLS: what came is not a TLS record");
		return;
	}
	io->in = p;
	io->end = p + whole;
	while (more && s->closing == NULL && !s->paused && !s->choked)
		more = s->secure ? step_data(s) : step_handshake(s);
	stream_send_wire(s);
	if (s->closing == NULL)
		hold(s, io->in, (size_t)(p + n - io->in));
	if (must_not_read(s))
		uv_read_stop((uv_stream_t *)&s->tcp);
}

static void input(struct stream *s, const uint8_t *p, size_t n)
{
	if (s->proxy) {
		int rc = proxy_parse(p, n, &s->peer);

		if (rc == BH_EAGAIN) {
			hold(s, p, n);
			return;
		}
		if (rc < 0) {
			stream_fail(s, "PROXY header expected");
			return;
		}
		s->proxy = false;
		p += rc;
		n -= (size_t)rc;
	}
	if (n == 0)
		return;
	if (s->tls != NULL)
		input_tls(s, p, n);
	else
		stream_give(s, p, n);
}

/* What was held back goes in front of what came now; it is less than a record, or the socket is not read. */
static void join_held(struct stream *s, const uint8_t **p, size_t *n)
{
	uint8_t *start = s->hub->read + STREAM_HEADROOM - s->held_len;

	memcpy(start, s->held, s->held_len);
	*p = start;
	*n += s->held_len;
	free(s->held);
	s->held = NULL;
	s->held_len = 0;
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
	struct stream *s = stream->data;
	const uint8_t *p = (const uint8_t *)buf->base;
	size_t n = (size_t)nread;

	if (nread == 0)
		return;
	if (nread == UV_EOF) {
		s->eof = true;
		if (s->closing == NULL)
			stream_begin_close(s, "closed by the peer", 0);
		else
			stream_schedule(s);
		return;
	}
	if (nread < 0) {
		stream_fail_code(s, (int)nread);
		return;
	}
	if (s->closing != NULL)
		return;
	if (s->held != NULL)
		join_held(s, &p, &n);
	input(s, p, n);
}

void stream_read_start(struct stream *s)
{
	int rc;

	/* EALREADY: reading goes on. */
	rc = uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
	if (rc < 0 && rc != UV_EALREADY)
		stream_fail_code(s, rc);
}

void stream_read_resume(struct stream *s)
{
	static const uint8_t nothing[1];
	uint8_t *p = s->held;
	size_t n = s->held_len;

	s->resumed = false;
	s->held = NULL;
	s->held_len = 0;
	if (p != NULL)
		input(s, p, n);
	else if (s->tls != NULL && !s->secure && !s->greeting)
		input_tls(s, nothing, 0);
	free(p);
	if (!s->paused && !s->choked && s->closing == NULL && !must_not_read(s))
		stream_read_start(s);
}
