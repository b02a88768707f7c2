/* From the output buffer to the socket: one try per stream and turn, the rest in a uv_write. */
#include <stdlib.h>

#include "base/err.h"
#include "net/stream_private.h"

/* What the kernel did not take at once. */
struct stream_write {
	uv_write_t req;
	struct stream *stream;
	uint64_t taken; /* stream->taken when this was written */
	uint8_t data[];
};

bool stream_has_output(const struct stream *s)
{
	return s->out != NULL && s->out->buf.len > s->out->head;
}

uint64_t stream_written(const struct stream *s)
{
	return s->taken + (s->out != NULL ? s->out->buf.len - s->out->head : 0);
}

struct buf *stream_output(struct stream *s)
{
	if (s->closing != NULL) {
		buf_clear(&s->hub->sink);
		return &s->hub->sink;
	}
	if (s->out == NULL)
		s->out = stream_hub_take_out(s->hub);
	stream_schedule(s);
	return &s->out->buf;
}

void stream_write(struct stream *s, const void *p, size_t n)
{
	if (s->closing == NULL && n > 0)
		buf_put(stream_output(s), p, n);
}

static void on_written(uv_write_t *req, int status)
{
	struct stream_write *w = (struct stream_write *)req;
	struct stream *s = w->stream;

	s->writes--;
	if (status < 0) {
		free(w);
		if (status != UV_ECANCELED)
			stream_fail_code(s, status);
		return;
	}
	s->sent = w->taken;
	free(w);
	if (s->writes == 0)
		stream_schedule(s);
}

static void queue(struct stream *s, const uint8_t *p, size_t n)
{
	struct stream_write *w = malloc(sizeof *w + n);
	uv_buf_t buf;
	int rc;

	if (w == NULL) {
		stream_fail(s, "out of memory");
		return;
	}
	memcpy(w->data, p, n);
	w->stream = s;
	w->taken = s->taken;
	buf = uv_buf_init((char *)w->data, (unsigned)n);
	rc = uv_write(&w->req, (uv_stream_t *)&s->tcp, &buf, 1, on_written);
	if (rc < 0) {
		free(w);
		stream_fail_code(s, rc);
		return;
	}
	s->writes++;
}

/* s->taken says already how many plaintext bytes these complete. */
static void send_bytes(struct stream *s, const uint8_t *p, size_t n)
{
	uv_buf_t buf = uv_buf_init((char *)(uintptr_t)p, (unsigned)n);
	int rc = 0;

	if (s->writes == 0) {
		rc = uv_try_write((uv_stream_t *)&s->tcp, &buf, 1);
		if (rc == UV_EAGAIN)
			rc = 0;
		if (rc < 0) {
			stream_fail_code(s, rc);
			return;
		}
		if ((size_t)rc == n) {
			s->sent = s->taken;
			return;
		}
	}
	queue(s, p + rc, n - (size_t)rc);
}

void stream_send_wire(struct stream *s)
{
	struct buf *wire = &s->hub->io.out;

	if (s->closed)
		buf_clear(wire);
	if (buf_failed(wire))
		stream_fail(s, "out of memory");
	else if (wire->len > 0)
		send_bytes(s, wire->data, wire->len);
	buf_clear(wire);
}

static void send_chunk(struct stream *s, const uint8_t *p, size_t n)
{
	s->out->head += n;
	s->taken += n;
	if (!s->secure) {
		send_bytes(s, p, n);
		return;
	}
	if (tls_session_write(s->tls, p, n) < 0) {
		s->broken = true;
		stream_fail(s, "TLS: cannot encrypt");
	}
	stream_send_wire(s);
}

/* The buffer goes back to the pool when it is empty, and else loses what was sent. */
static void tidy(struct stream *s)
{
	struct stream_out *out = s->out;

	if (out->head == out->buf.len) {
		stream_hub_give_out(s->hub, &s->out);
	} else if (out->head > out->buf.len / 2) {
		buf_drop(&out->buf, out->head);
		out->head = 0;
	}
}

void stream_flush(struct stream *s, bool force)
{
	if (s->out == NULL || s->closed)
		return;
	if (buf_failed(&s->out->buf)) {
		stream_fail(s, "out of memory");
		return;
	}
	if (s->broken || (s->tls != NULL && !s->secure))
		return;
	while (!s->closed && stream_has_output(s) && (s->writes == 0 || force)) {
		size_t n = s->out->buf.len - s->out->head;

		send_chunk(s, s->out->buf.data + s->out->head, n < STREAM_CHUNK ? n : STREAM_CHUNK);
	}
	if (s->out != NULL)
		tidy(s);
}
