/* The side that connects: TCP, TLS, and whose certificate the other one shows.  Both sides are in one loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "net/listener.h"
#include "net/stream.h"

#include "net_certs.h"
#include "net_signer.h"

static struct test_signer keys;
static struct tls_store *stores[32];
static unsigned nstores;

static struct tls_store *store_of(const char *name, const char *domain)
{
	struct tls_identity id = {domain, certs_path(name, ".crt"), certs_path(name, ".key")};
	struct tls_plan plan = {.ids = &id, .n = 1, .signer = &keys.signer, .client_ca = certs_path("ca", ".crt")};
	char what[512];

	if (signer_add(&keys, &id) != 0 || tls_store_load(&plan, &stores[nstores], what, sizeof what) != 0)
		fail_msg("%s", what);
	return stores[nstores++];
}

/* ---- both ends --------------------------------------------------------------------- */

struct end {
	struct both *both;
	struct stream *stream;
	struct buf got;
	unsigned connected, secured, closed;
	char why[160];
};

struct both {
	uv_loop_t loop;
	struct stream_hub *hub;
	struct listener *listener;
	struct end server, client;
	struct tls_store *theirs, *ours; /* ours NULL: no TLS */
	struct tls_wish wish;
	void (*on_secure)(struct both *b);
	bool stopped;
};

static void on_data(void *owner, const uint8_t *p, size_t n)
{
	struct end *e = owner;

	buf_put(&e->got, p, n);
	if (e == &e->both->server)
		stream_write(e->stream, p, n);
	else
		stream_close(e->stream, 1000);
}

static void on_secure(void *owner)
{
	struct end *e = owner;

	e->secured++;
	if (e == &e->both->client)
		stream_write(e->stream, "hello", 5);
	if (e->both->on_secure != NULL)
		e->both->on_secure(e->both);
}

static void on_closed(void *owner, const char *why)
{
	struct end *e = owner;

	e->closed++;
	snprintf(e->why, sizeof e->why, "%s", why != NULL ? why : "");
}

static void on_connected(void *owner)
{
	struct end *e = owner;

	e->connected++;
	if (e->both->ours != NULL)
		assert_int_equal(stream_connect_tls(e->stream, e->both->ours, &e->both->wish), 0);
	else
		stream_write(e->stream, "hello", 5);
}

static const struct stream_handlers handlers = {
	.on_data = on_data,
	.on_secure = on_secure,
	.on_closed = on_closed,
	.on_connected = on_connected,
};

static void on_accept(void *owner, int fd)
{
	struct both *b = owner;

	listener_close(&b->listener);
	assert_int_equal(stream_open(b->hub, fd, &handlers, &b->server, &b->server.stream), 0);
	if (b->theirs != NULL)
		assert_int_equal(stream_start_tls(b->server.stream, b->theirs, "xmpp-server"), 0);
}

static void begin(struct both *b)
{
	uv_loop_init(&b->loop);
	b->server.both = b->client.both = b;
	assert_int_equal(stream_hub_start(&b->loop, &b->hub), 0);
}

static void on_stopped(void *arg)
{
	((struct both *)arg)->stopped = true;
}

static void finish(struct both *b)
{
	stream_hub_stop(&b->hub, on_stopped, b);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_true(b->stopped);
	assert_int_equal(b->client.closed, 1);
	assert_int_equal(uv_loop_close(&b->loop), 0);
	buf_fini(&b->server.got);
	buf_fini(&b->client.got);
}

static uint16_t listen_somewhere(struct both *b)
{
	char what[256];
	const char *colon;

	assert_int_equal(listener_open("127.0.0.1:0", &b->listener, what, sizeof what), 0);
	assert_int_equal(listener_start(b->listener, &b->loop, 8, on_accept, b), 0);
	colon = strrchr(listener_address(b->listener), ':');
	return (uint16_t)strtoul(colon + 1, NULL, 10);
}

static struct address loopback(uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct address a;

	assert_true(address_from_sockaddr((struct sockaddr *)&in, &a));
	return a;
}

static void meet(struct both *b)
{
	struct address a;

	begin(b);
	a = loopback(listen_somewhere(b));
	assert_int_equal(stream_connect(b->hub, &a, &handlers, &b->client, &b->client.stream), 0);
	uv_run(&b->loop, UV_RUN_DEFAULT);
}

/* ---- tests ------------------------------------------------------------------------- */

static void bytes_go_both_ways(void **state)
{
	struct both b = {.theirs = NULL};

	(void)state;
	meet(&b);
	assert_int_equal(b.client.connected, 1);
	assert_int_equal(b.client.got.len, 5);
	assert_string_equal(b.client.why, "");
	finish(&b);
}

static void where_nobody_listens_the_owner_hears_why(void **state)
{
	struct both b = {.theirs = NULL};
	struct address a;
	uint16_t port;

	(void)state;
	begin(&b);
	port = listen_somewhere(&b);
	listener_close(&b.listener);
	uv_run(&b.loop, UV_RUN_DEFAULT);
	a = loopback(port);
	assert_int_equal(stream_connect(b.hub, &a, &handlers, &b.client, &b.client.stream), 0);
	uv_run(&b.loop, UV_RUN_DEFAULT);
	assert_int_equal(b.client.connected, 0);
	assert_string_equal(b.client.why, "connection refused");
	finish(&b);
}

static void one_may_change_its_mind_while_it_connects(void **state)
{
	struct both b = {.theirs = NULL};
	struct address a;

	(void)state;
	begin(&b);
	a = loopback(9);
	assert_int_equal(stream_connect(b.hub, &a, &handlers, &b.client, &b.client.stream), 0);
	stream_close(b.client.stream, 0);
	uv_run(&b.loop, UV_RUN_DEFAULT);
	assert_int_equal(b.client.connected, 0);
	finish(&b);
}

static char verdict[160];

static void judge_server(struct both *b)
{
	if (b->client.secured > 0 &&
		stream_check_certificate(b->client.stream, STR_LIT("peer.example"), verdict, sizeof verdict) == 0)
		snprintf(verdict, sizeof verdict, "good");
}

/* What the side that connects thinks of the other's certificate; cases[].says is how it begins. */
static void the_servers_certificate_is_judged_by_its_names(void **state)
{
	static const struct {
		const char *certificate, *domain, *says;
	} cases[] = {
		{"dns", "peer.example", "good"},
		{"xmpp", "served.example", "good"},
		{"srv", "served.example", "good"},
		{"serverauth", "peer.example", "good"},
		{"client-srv", "served.example", "it does not name peer.example"},
		{"other", "served.example", "it does not name peer.example"},
		{"cn", "served.example", "it does not name peer.example"},
		{"self", "peer.example", "it is self-signed"},
		{"stranger", "peer.example", "no authority that is trusted here"},
		{"old", "peer.example", "it has expired on 2"},
		{"early", "peer.example", "it is not valid before 2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct both b = {
			.theirs = store_of(cases[i].certificate, cases[i].domain),
			.ours = store_of("local", "local.example"),
			.wish = {.server = "peer.example", .alpn = "xmpp-server"},
			.on_secure = judge_server,
		};

		verdict[0] = '\0';
		meet(&b);
		assert_int_equal(b.client.got.len, 5);
		if (strncmp(verdict, cases[i].says, strlen(cases[i].says)) != 0)
			fail_msg("%s: %s", cases[i].certificate, verdict);
		finish(&b);
	}
}

static void a_wildcard_stands_for_one_label(void **state)
{
	static const struct {
		const char *domain;
		bool good;
	} cases[] = {
		{"a.wild.example", true},
		{"A.WILD.example", true},
		{"b.a.wild.example", false},
		{"wild.example", false},
		{"x-wild.example", false},
	};
	struct both b = {
		.theirs = store_of("wild", "a.wild.example"),
		.ours = store_of("local", "local.example"),
		.wish = {.server = "a.wild.example"},
	};
	char why[160];

	(void)state;
	begin(&b);
	{
		struct address a = loopback(listen_somewhere(&b));

		assert_int_equal(stream_connect(b.hub, &a, &handlers, &b.client, &b.client.stream), 0);
	}
	while (b.client.secured == 0)
		uv_run(&b.loop, UV_RUN_ONCE);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(stream_check_certificate(b.client.stream, str_of(cases[i].domain), why,
					 sizeof why) == 0,
			cases[i].good);
	uv_run(&b.loop, UV_RUN_DEFAULT);
	finish(&b);
}

static void judge_client(struct both *b)
{
	if (b->server.secured > 0 &&
		stream_check_certificate(b->server.stream, STR_LIT("local.example"), verdict, sizeof verdict) == 0)
		snprintf(verdict, sizeof verdict, "good");
}

static void the_side_that_connects_shows_the_certificate_it_is_told_to(void **state)
{
	static const struct {
		const char *local, *says;
	} cases[] = {
		{"local.example", "good"},
		{"unknown.example", "none was shown"},
		{NULL, "none was shown"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct both b = {
			.theirs = store_of("dns", "peer.example"),
			.ours = store_of("local", "local.example"),
			.wish = {.server = "peer.example", .local = cases[i].local},
			.on_secure = judge_client,
		};

		verdict[0] = '\0';
		meet(&b);
		assert_string_equal(verdict, cases[i].says);
		finish(&b);
	}
}

static void a_server_without_tls_is_told_from_one_with(void **state)
{
	struct both b = {
		.ours = store_of("local", "local.example"),
		.wish = {.server = "peer.example"},
	};

	(void)state;
	meet(&b); /* it sends back what it gets */
	assert_int_equal(b.client.secured, 0);
	assert_non_null(strstr(b.client.why, "TLS: "));
	finish(&b);
}

static int make_certificates(void **state)
{
	static const struct cert_spec specs[] = {
		{.name = "ca", .ca = true},
		{.name = "stranger-ca", .ca = true},
		{.name = "local", .dns = "local.example", .server_only = true, .issuer = "ca"},
		{.name = "dns", .dns = "peer.example", .issuer = "ca"},
		{.name = "xmpp", .dns = "served.example", .xmpp = "peer.example", .issuer = "ca"},
		{.name = "srv", .dns = "served.example", .srv = "_xmpp-server.peer.example", .issuer = "ca"},
		{.name = "client-srv", .dns = "served.example", .srv = "_xmpp-client.peer.example", .issuer = "ca"},
		{.name = "serverauth", .dns = "peer.example", .server_only = true, .issuer = "ca"},
		{.name = "other", .dns = "served.example", .issuer = "ca"},
		{.name = "cn", .common_name = "peer.example", .dns = "served.example", .issuer = "ca"},
		{.name = "wild", .dns = "*.wild.example", .issuer = "ca"},
		{.name = "self", .dns = "peer.example"},
		{.name = "stranger", .dns = "peer.example", .issuer = "stranger-ca"},
		{.name = "old", .dns = "peer.example", .issuer = "ca", .from_days = -3, .to_days = -2},
		{.name = "early", .dns = "peer.example", .issuer = "ca", .from_days = 2, .to_days = 3},
	};

	(void)state;
	tls_global_init();
	signer_init(&keys);
	if (certs_begin() != 0)
		return -1;
	for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++)
		certs_make(&specs[i]);
	return 0;
}

static int forget(void **state)
{
	(void)state;
	while (nstores > 0)
		tls_store_unref(&stores[--nstores]);
	signer_fini(&keys);
	tls_global_fini();
	return certs_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_both_ways),
		cmocka_unit_test(where_nobody_listens_the_owner_hears_why),
		cmocka_unit_test(one_may_change_its_mind_while_it_connects),
		cmocka_unit_test(the_servers_certificate_is_judged_by_its_names),
		cmocka_unit_test(a_wildcard_stands_for_one_label),
		cmocka_unit_test(the_side_that_connects_shows_the_certificate_it_is_told_to),
		cmocka_unit_test(a_server_without_tls_is_told_from_one_with),
	};

	return cmocka_run_group_tests(tests, make_certificates, forget);
}
