/*
 * net_fixture - a server of one stream in this thread's loop, and a client in a thread
 *
 * The client is blocking and made of sockets and GnuTLS only; what it finds wrong it says in
 * client.error, which client_join() checks.
 */
#ifndef BH_TEST_NET_FIXTURE_H
#define BH_TEST_NET_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/listener.h"
#include "net/stream.h"

struct server;

/* What a test's server does; the defaults collect. */
struct plan {
	struct tls_store *store; /* TLS from the first byte; NULL: in the clear */
	const char *alpn;
	bool proxy;
	void (*on_open)(struct server *);
	void (*on_data)(struct server *, const uint8_t *, size_t);
	void (*on_secure)(struct server *);
	void (*on_sent)(struct server *);
};

struct server {
	struct plan plan;
	uv_loop_t loop;
	struct stream_hub *hub;
	struct listener *listener;
	struct stream *stream;
	uv_timer_t timer; /* for tests that do something later */
	struct buf got;
	unsigned chunks, secured, sent, closed;
	char why[160]; /* "" for NULL */
	char peer[ADDRESS_TEXT_SIZE];
	char description[40], sni[64], jid[64];
	bool has_exporter;
	uint8_t exporter[32];
	bool hub_done;
	uint64_t closed_at; /* uv_hrtime() */
};

static void server_on_data(void *owner, const uint8_t *p, size_t n)
{
	struct server *v = owner;

	assert_int_equal(v->closed, 0);
	v->chunks++;
	if (v->plan.on_data != NULL)
		v->plan.on_data(v, p, n);
	else
		buf_put(&v->got, p, n);
}

static void server_on_secure(void *owner)
{
	struct server *v = owner;
	const struct certificate *certificate = stream_certificate(v->stream);
	struct str sni = stream_sni(v->stream), jid = str_of(certificate != NULL ? certificate->jid : NULL);

	v->secured++;
	assert_true(stream_is_secure(v->stream));
	snprintf(v->description, sizeof v->description, "%s", stream_tls_description(v->stream));
	snprintf(v->sni, sizeof v->sni, "%.*s", STR_FMT(sni));
	snprintf(v->jid, sizeof v->jid, "%.*s", STR_FMT(jid));
	v->has_exporter = stream_exporter(v->stream, v->exporter);
	if (v->plan.on_secure != NULL)
		v->plan.on_secure(v);
}

static void server_on_sent(void *owner)
{
	struct server *v = owner;

	v->sent++;
	if (v->plan.on_sent != NULL)
		v->plan.on_sent(v);
}

static void server_on_closed(void *owner, const char *why)
{
	struct server *v = owner;

	address_text_port(stream_peer(v->stream), v->peer);
	v->closed++;
	v->closed_at = uv_hrtime();
	snprintf(v->why, sizeof v->why, "%s", why != NULL ? why : "");
	if (!uv_is_closing((uv_handle_t *)&v->timer))
		uv_close((uv_handle_t *)&v->timer, NULL);
}

static const struct stream_handlers server_handlers = {
	.on_data = server_on_data,
	.on_secure = server_on_secure,
	.on_sent = server_on_sent,
	.on_closed = server_on_closed,
};

static void server_accept(void *owner, int fd)
{
	struct server *v = owner;

	listener_close(&v->listener);
	assert_int_equal(stream_open(v->hub, fd, &server_handlers, v, &v->stream), 0);
	if (v->plan.proxy)
		stream_expect_proxy(v->stream);
	if (v->plan.store != NULL)
		assert_int_equal(
			stream_start_tls(v->stream, v->plan.store, v->plan.alpn), 0);
	if (v->plan.on_open != NULL)
		v->plan.on_open(v);
}

struct client {
	pthread_t thread;
	void (*script)(struct client *);
	uint16_t port;
	int fd;
	gnutls_session_t tls;
	const char *error; /* the first check that failed */
	/* Settings of the script's TLS. */
	const char *priorities, *sni, *alpn, *cert;
	bool resume_from;     /* offer client_ticket */
	bool dribble;	      /* send byte by byte */
	gnutls_certificate_credentials_t credentials;
	/* Results */
	uint8_t exporter[32];
	bool resumed;
	struct buf got;
};

static gnutls_datum_t client_ticket;

/* Leaves the script. */
#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			c->error = #cond;                                                          \
			return;                                                                    \
		}                                                                                  \
	} while (0)

static inline bool client_send(struct client *c, const void *p, size_t n)
{
	return send(c->fd, p, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* Reads exactly n bytes in the clear. */
static inline bool client_expect(struct client *c, const char *text)
{
	char got[256];
	size_t n = strlen(text);

	return n <= sizeof got && recv(c->fd, got, n, MSG_WAITALL) == (ssize_t)n &&
		memcmp(got, text, n) == 0;
}

static ssize_t client_dribble(gnutls_transport_ptr_t ptr, const void *p, size_t n)
{
	struct client *c = ptr;

	return send(c->fd, p, n > 0 ? 1 : 0, MSG_NOSIGNAL);
}

static ssize_t client_pull(gnutls_transport_ptr_t ptr, void *p, size_t n)
{
	return recv(((struct client *)ptr)->fd, p, n, 0);
}

/* 0 or the error of GnuTLS. */
static inline int client_tls(struct client *c)
{
	gnutls_datum_t alpn = {(unsigned char *)(uintptr_t)c->alpn, 0};
	int rc;

	gnutls_init(&c->tls, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
	gnutls_priority_set_direct(
		c->tls, c->priorities != NULL ? c->priorities : "NORMAL", NULL);
	gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, c->credentials);
	if (c->sni != NULL)
		gnutls_server_name_set(c->tls, GNUTLS_NAME_DNS, c->sni, strlen(c->sni));
	if (c->alpn != NULL) {
		alpn.size = (unsigned)strlen(c->alpn);
		gnutls_alpn_set_protocols(c->tls, &alpn, 1, 0);
	}
	if (c->resume_from)
		gnutls_session_set_data(c->tls, client_ticket.data, client_ticket.size);
	gnutls_transport_set_int(c->tls, c->fd);
	if (c->dribble) {
		gnutls_transport_set_ptr(c->tls, c);
		gnutls_transport_set_push_function(c->tls, client_dribble);
		gnutls_transport_set_pull_function(c->tls, client_pull);
	}
	do {
		rc = gnutls_handshake(c->tls);
	} while (rc < 0 && !gnutls_error_is_fatal(rc));
	if (rc == 0) {
		gnutls_prf_rfc5705(c->tls, 24, "EXPORTER-Channel-Binding", 0, "", 32,
			(char *)c->exporter);
		c->resumed = gnutls_session_is_resumed(c->tls) != 0;
	}
	return rc;
}

static inline bool client_put(struct client *c, const void *p, size_t n)
{
	while (n > 0) {
		ssize_t rc = gnutls_record_send(c->tls, p, n);

		if (rc <= 0)
			return false;
		p = (const uint8_t *)p + rc;
		n -= (size_t)rc;
	}
	return true;
}

/* One read, past tickets and the like: > 0, 0 after a goodbye, or an error. */
static inline ssize_t client_get(struct client *c, void *p, size_t n)
{
	ssize_t rc;

	do {
		rc = gnutls_record_recv(c->tls, p, n);
	} while (rc == GNUTLS_E_AGAIN || rc == GNUTLS_E_INTERRUPTED);
	return rc;
}

/* Reads until the server's end; the last result. */
static inline ssize_t client_drain(struct client *c)
{
	ssize_t n;
	uint8_t p[4096];

	while ((n = client_get(c, p, sizeof p)) > 0)
		buf_put(&c->got, p, (size_t)n);
	return n;
}

static inline bool client_get_text(struct client *c, const char *text)
{
	char got[256];
	size_t n = strlen(text), at = 0;

	while (at < n) {
		ssize_t rc = client_get(c, got + at, n - at);

		if (rc <= 0)
			return false;
		at += (size_t)rc;
	}
	return memcmp(got, text, n) == 0;
}

static void *client_main(void *arg)
{
	struct client *c = arg;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(c->port)};
	struct timeval patience = {.tv_sec = 20};

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(c->fd, (struct sockaddr *)&in, sizeof in) < 0)
		c->error = "connect";
	else
		c->script(c);
	if (c->fd >= 0)
		close(c->fd);
	return NULL;
}

static inline void client_start(struct client *c, struct server *v)
{
	const char *colon = strrchr(listener_address(v->listener), ':');

	c->port = (uint16_t)atoi(colon + 1);
	gnutls_certificate_allocate_credentials(&c->credentials);
	if (c->cert != NULL) {
		char crt[160], key[160];

		snprintf(crt, sizeof crt, "%s.crt", c->cert);
		snprintf(key, sizeof key, "%s.key", c->cert);
		assert_int_equal(gnutls_certificate_set_x509_key_file(
					 c->credentials, crt, key, GNUTLS_X509_FMT_PEM),
			0);
	}
	assert_int_equal(pthread_create(&c->thread, NULL, client_main, c), 0);
}

static inline void client_join(struct client *c)
{
	pthread_join(c->thread, NULL);
	if (c->tls != NULL)
		gnutls_deinit(c->tls);
	gnutls_certificate_free_credentials(c->credentials);
	buf_fini(&c->got);
	if (c->error != NULL)
		fail_msg("client: %s", c->error);
}

static void server_hub_done(void *arg)
{
	((struct server *)arg)->hub_done = true;
}

static inline void server_begin(struct server *v)
{
	char what[160];

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(uv_loop_init(&v->loop), 0);
	assert_int_equal(stream_hub_start(&v->loop, &v->hub), 0);
	uv_timer_init(&v->loop, &v->timer);
	v->timer.data = v;
	assert_int_equal(listener_open("127.0.0.1:0", &v->listener, what, sizeof what), 0);
	assert_int_equal(listener_start(v->listener, &v->loop, 4, server_accept, v), 0);
}

/* Serves one client to its end: on_closed came once, and nothing is left in the loop. */
static inline void serve(struct server *v, struct client *c)
{
	server_begin(v);
	client_start(c, v);
	uv_run(&v->loop, UV_RUN_DEFAULT);
	client_join(c);
	assert_int_equal(v->closed, 1);
	stream_hub_stop(&v->hub, server_hub_done, v);
	assert_null(v->hub);
	uv_run(&v->loop, UV_RUN_DEFAULT);
	assert_true(v->hub_done);
	assert_int_equal(uv_loop_close(&v->loop), 0);
}

static inline void server_end(struct server *v)
{
	buf_fini(&v->got);
}

/* The bytes that came, as text. */
static inline void assert_got(const struct server *v, const char *text)
{
	assert_int_equal(v->got.len, strlen(text));
	assert_memory_equal(v->got.data, text, v->got.len);
}

#endif
