/* Opening a stream, its TLS, and what callers ask about it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net/stream_private.h"

static struct stream *stream_new(struct stream_hub *hub)
{
	struct stream *s = bh_alloc(sizeof *s);

	s->hub = hub;
	list_init(&s->turn);
	hub->streams++;
	uv_tcp_init(hub->loop, &s->tcp);
	s->tcp.data = s;
	s->handles = 1;
	return s;
}

static int find_peer(struct stream *s, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;

	if (getpeername(fd, (struct sockaddr *)&ss, &len) < 0)
		return -errno;
	address_from_sockaddr((const struct sockaddr *)&ss, &s->peer);
	return 0;
}

int stream_open(struct stream_hub *hub, int fd, const struct stream_handlers *handlers, void *owner,
	struct stream **out)
{
	struct stream *s = stream_new(hub);
	int rc = find_peer(s, fd);

	if (rc == 0)
		rc = uv_tcp_open(&s->tcp, fd);
	if (rc < 0) {
		close(fd);
		s->silent = true;
		stream_abandon(s);
		return rc;
	}
	uv_tcp_nodelay(&s->tcp, 1);
	s->handlers = handlers;
	s->owner = owner;
	stream_read_start(s);
	*out = s;
	return 0;
}

static void on_connected(uv_connect_t *req, int status)
{
	struct stream *s = req->data;

	free(req);
	if (s->closed)
		return;
	if (status < 0) {
		stream_fail_code(s, status);
		return;
	}
	uv_tcp_nodelay(&s->tcp, 1);
	stream_read_start(s);
	if (s->closing == NULL)
		s->handlers->on_connected(s->owner);
}

void stream_hand_over(struct stream *s, const struct stream_handlers *handlers, void *owner)
{
	s->handlers = handlers;
	s->owner = owner;
}

int stream_connect(struct stream_hub *hub, const struct address *to, const struct stream_handlers *handlers,
	void *owner, struct stream **out)
{
	struct stream *s = stream_new(hub);
	uv_connect_t *req = bh_alloc(sizeof *req);
	struct sockaddr_storage ss;
	int rc;

	s->peer = *to;
	req->data = s;
	address_to_sockaddr(to, &ss);
	rc = uv_tcp_connect(req, &s->tcp, (struct sockaddr *)&ss, on_connected);
	if (rc < 0) {
		free(req);
		s->silent = true;
		stream_abandon(s);
		return rc;
	}
	s->handlers = handlers;
	s->owner = owner;
	*out = s;
	return 0;
}

void stream_expect_proxy(struct stream *s)
{
	s->proxy = true;
}

/* What was written before goes out in the clear. */
static int prepare_tls(struct stream *s)
{
	if (s->closing != NULL)
		return BH_ECLOSED;
	if (s->tls != NULL)
		return BH_EINVAL;
	stream_flush(s, true);
	return s->closing != NULL ? BH_ECLOSED : 0;
}

int stream_start_tls(struct stream *s, struct tls_store *store, const char *alpn)
{
	int rc = prepare_tls(s);

	return rc == 0 ? tls_session_open(store, alpn, &(struct tls_place){&s->hub->io, s}, &s->tls) : rc;
}

int stream_connect_tls(struct stream *s, struct tls_store *store, const struct tls_wish *wish)
{
	int rc = prepare_tls(s);

	if (rc == 0)
		rc = tls_session_connect(store, wish, &(struct tls_place){&s->hub->io, s}, &s->tls);
	if (rc != 0)
		return rc;
	s->greeting = true;
	stream_schedule(s);
	return 0;
}

void stream_pause(struct stream *s)
{
	if (s->paused || s->closing != NULL)
		return;
	s->paused = true;
	s->resumed = false;
	uv_read_stop((uv_stream_t *)&s->tcp);
}

/* Deferred: this may be called from another stream's callback, when the shared buffers are in
 * use. */
void stream_resume(struct stream *s)
{
	if (!s->paused || s->closing != NULL)
		return;
	s->paused = false;
	s->resumed = true;
	stream_schedule(s);
}

void stream_close(struct stream *s, unsigned linger_ms)
{
	stream_begin_close(s, NULL, linger_ms);
}

uint64_t stream_sent(const struct stream *s)
{
	return s->sent;
}

void stream_wait_sent(struct stream *s)
{
	if (s->closing != NULL)
		return;
	s->waiting = true;
	s->wait_at = stream_written(s);
	stream_schedule(s);
}

const struct address *stream_peer(const struct stream *s)
{
	return &s->peer;
}

bool stream_is_secure(const struct stream *s)
{
	return s->secure;
}

bool stream_exporter(const struct stream *s, uint8_t out[32])
{
	return s->secure && tls_session_exporter(s->tls, out);
}

const char *stream_tls_description(const struct stream *s)
{
	return s->secure ? tls_session_description(s->tls) : "";
}

struct str stream_sni(const struct stream *s)
{
	return s->secure ? tls_session_sni(s->tls) : STR_NONE;
}

int stream_check_certificate(const struct stream *s, struct str domain, char *why, size_t size)
{
	if (s->secure)
		return tls_session_check_peer(s->tls, domain, why, size);
	snprintf(why, size, "there is no TLS");
	return BH_EDENIED;
}

int stream_check_dane(
	const struct stream *s, const struct dane *dane, struct str domain, char *why, size_t size)
{
	if (s->secure)
		return tls_session_check_dane(s->tls, dane, domain, why, size);
	snprintf(why, size, "there is no TLS");
	return BH_EDENIED;
}

void stream_describe_certificate(const struct stream *s, char *out, size_t size)
{
	*out = '\0';
	if (s->secure)
		tls_session_describe_peer(s->tls, out, size);
}

const struct certificate *stream_certificate(const struct stream *s)
{
	return s->secure ? tls_session_certificate(s->tls) : NULL;
}
