/* Handshakes whose signatures come from elsewhere: of every kind, late, never; and what the others notice of it. */
#include "net_fixture.h"

#include "net_keys.h"

#include "net/stream_private.h"
#include "net/tls_handshake.h"

#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"

/* What a key of each kind signs a handshake with. */
static const struct schemes {
	uint16_t tls12, tls13;
	const char *tls12_old; /* more of the client's priorities: without RSA-PSS */
} schemes[KEY_KINDS] = {
	[KEY_RSA] = {TLS_RSA_PKCS1_SHA256, TLS_RSA_PSS_RSAE_SHA256,
		":-SIGN-RSA-PSS-RSAE-SHA256:-SIGN-RSA-PSS-RSAE-SHA384:-SIGN-RSA-PSS-RSAE-SHA512"},
	[KEY_RSA_PSS] = {TLS_RSA_PSS_PSS_SHA256, TLS_RSA_PSS_PSS_SHA256, ""},
	[KEY_P256] = {TLS_ECDSA_SHA256, TLS_ECDSA_SHA256, ""},
	[KEY_P384] = {TLS_ECDSA_SHA384, TLS_ECDSA_SHA384, ""},
	[KEY_P521] = {TLS_ECDSA_SHA512, TLS_ECDSA_SHA512, ""},
	[KEY_ED25519] = {TLS_ED25519, TLS_ED25519, ""},
	[KEY_ED448] = {TLS_ED448, TLS_ED448, ""},
};

enum { PEERS = 8, CALLERS = 24, BEGIN_IN_A_TURN = 4 };

static size_t deepest; /* of any stack */

static void note_depth(struct stream_hub *hub)
{
	size_t depth = coroutine_deepest(hub->io.stacks);

	if (depth > deepest)
		deepest = depth;
}

/* ---- one client, by GnuTLS ------------------------------------------------------------ */

static void answer_later(uv_timer_t *timer)
{
	(void)timer;
	while (signer_answer(&keys, 0))
		;
}

static void answer_every_ms(struct server *v)
{
	uv_timer_start(&v->timer, answer_later, 1, 1);
}

static void echo(struct server *v, const uint8_t *p, size_t n)
{
	buf_put(&v->got, p, n);
	stream_write(v->stream, p, n);
}

static void on_served(struct server *v)
{
	note_depth(v->hub);
}

static void say_hello(struct client *c)
{
	CHECK(client_tls(c) == 0);
	CHECK(client_put(c, "hello", 5));
	CHECK(client_get_text(c, "hello"));
	CHECK(gnutls_bye(c->tls, GNUTLS_SHUT_WR) == 0);
	CHECK(client_drain(c) == 0);
}

/* Its signature comes at once (slow: some turns of the loop later). */
static void assert_served(unsigned kind, const char *version, const char *more, bool slow)
{
	char priorities[256];
	struct server v = {.plan = {.store = stores[kind], .on_data = echo,
				   .on_open = slow ? answer_every_ms : NULL, .on_secure = on_served}};
	struct client c = {.script = say_hello, .priorities = priorities};
	unsigned before = keys.signatures;

	snprintf(priorities, sizeof priorities, "%s:+SIGN-EDDSA-ED448%s", version, more);
	keys.slow = slow;
	serve(&v, &c);
	assert_int_equal(v.secured, 1);
	assert_int_equal(v.got.len, 5);
	assert_int_equal(keys.signatures, before + 1);
	server_end(&v);
}

static void every_kind_of_key_serves_both_versions(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KEY_KINDS; i++)
		for (unsigned slow = 0; slow < 2; slow++) {
			assert_served(i, TLS13, "", slow);
			assert_int_equal(keys.scheme, schemes[i].tls13);
			assert_served(i, TLS12, schemes[i].tls12_old, slow);
			if (key_specs[i].algorithm != GNUTLS_PK_ECDSA)
				assert_int_equal(keys.scheme, schemes[i].tls12);
			else
				assert_int_equal(keys.scheme & 0xff, TLS_ECDSA_SHA256 & 0xff);
		}
}

static void take_ticket(struct client *c)
{
	say_hello(c);
	CHECK(c->error == NULL && gnutls_session_get_data2(c->tls, &client_ticket) == 0);
}

static void resume(struct client *c)
{
	say_hello(c);
	CHECK(c->resumed);
}

static void a_session_that_is_resumed_needs_no_signature(void **state)
{
	(void)state;
	keys.slow = false;
	for (unsigned i = 0; i < 2; i++) {
		struct server v = {.plan = {.store = stores[KEY_P256], .on_data = echo}};
		struct client c = {.script = i == 0 ? take_ticket : resume, .priorities = TLS13, .resume_from = i == 1};
		unsigned before = keys.signatures;

		serve(&v, &c);
		assert_int_equal(v.secured, 1);
		assert_int_equal(keys.signatures - before, i == 0);
		server_end(&v);
	}
	gnutls_free(client_ticket.data);
}

static void fail_handshake(struct client *c)
{
	CHECK(client_tls(c) < 0);
	CHECK(gnutls_alert_get(c->tls) != 0);
}

static int given_error;

static void answer_error(uv_timer_t *timer)
{
	(void)timer;
	signer_answer(&keys, given_error);
}

static void refuse_later(struct server *v)
{
	uv_timer_start(&v->timer, answer_error, 1, 1);
}

static void a_signature_that_is_refused_ends_the_handshake(void **state)
{
	static const struct {
		int error;
		const char *why;
	} cases[] = {
		{BH_EDENIED, "TLS: keyd does not sign for this certificate"},
		{BH_ENOTFOUND, "TLS: keyd does not sign for this certificate"},
		{BH_ECRYPTO, "TLS: keyd does not sign for this certificate"},
		{BH_ETIMEOUT, "TLS: keyd has not signed in time"},
	};

	(void)state;
	keys.slow = true;
	for (size_t i = 0; i < 2 * (sizeof cases / sizeof cases[0]); i++) {
		struct server v = {.plan = {.store = stores[i % KEY_KINDS], .on_open = refuse_later}};
		struct client c = {.script = fail_handshake, .priorities = i % 2 == 0 ? TLS13 : TLS12};

		given_error = cases[i / 2].error;
		serve(&v, &c);
		assert_string_equal(v.why, cases[i / 2].why);
		assert_int_equal(v.secured, 0);
		server_end(&v);
	}
}

/* ---- many streams, both ends in one loop ----------------------------------------------- */

struct crowd;

struct end {
	struct crowd *crowd;
	struct stream *stream;
	bool secure, closed;
	char why[120];
};

struct crowd {
	uv_loop_t loop;
	struct stream_hub *hub;
	struct listener *listener;
	struct end clients[PEERS], servers[CALLERS];
	unsigned n, accepted, secured, closed;
	bool stopped;
};

static void end_on_data(void *owner, const uint8_t *p, size_t n)
{
	(void)owner, (void)p, (void)n;
}

static void end_on_secure(void *owner)
{
	struct end *e = owner;

	e->secure = true;
	e->crowd->secured++;
}

static void end_on_closed(void *owner, const char *why)
{
	struct end *e = owner;

	e->closed = true;
	snprintf(e->why, sizeof e->why, "%s", why != NULL ? why : "");
	e->crowd->closed++;
}

static void end_on_connected(void *owner)
{
	static const struct tls_wish wish = {.server = "peer.example"};
	struct end *e = owner;

	assert_int_equal(stream_connect_tls(e->stream, stores[KEY_RSA], &wish), 0);
}

static const struct stream_handlers end_handlers = {
	.on_data = end_on_data,
	.on_secure = end_on_secure,
	.on_closed = end_on_closed,
	.on_connected = end_on_connected,
};

static void crowd_accept(void *owner, int fd)
{
	struct crowd *w = owner;
	struct end *e = &w->servers[w->accepted++];

	e->crowd = w;
	assert_int_equal(stream_open(w->hub, fd, &end_handlers, e, &e->stream), 0);
	assert_int_equal(stream_start_tls(e->stream, stores[KEY_P256], NULL), 0);
}

static void turn(struct crowd *w)
{
	uv_run(&w->loop, UV_RUN_NOWAIT);
}

static struct address crowd_address(struct crowd *w)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct address a;

	in.sin_port = htons((uint16_t)atoi(strrchr(listener_address(w->listener), ':') + 1));
	assert_true(address_from_sockaddr((struct sockaddr *)&in, &a));
	return a;
}

static void crowd_open(struct crowd *w, unsigned stacks)
{
	char what[160];

	*w = (struct crowd){.n = 0};
	keys.slow = true;
	keys.most_waiting = keys.forgotten = 0;
	uv_loop_init(&w->loop);
	assert_int_equal(stream_hub_start(&w->loop, &w->hub), 0);
	coroutine_pool_free(&w->hub->io.stacks);
	w->hub->io.stacks = coroutine_pool_create(stacks);
	assert_int_equal(listener_open("127.0.0.1:0", &w->listener, what, sizeof what), 0);
	assert_int_equal(listener_start(w->listener, &w->loop, 16, crowd_accept, w), 0);
}

/* n clients call, and the signer has as many questions as there are stacks. */
static void crowd_begin(struct crowd *w, unsigned n, unsigned stacks)
{
	struct address a;

	crowd_open(w, stacks);
	w->n = n;
	a = crowd_address(w);
	for (unsigned i = 0; i < n; i++) {
		w->clients[i].crowd = w;
		assert_int_equal(stream_connect(w->hub, &a, &end_handlers, &w->clients[i], &w->clients[i].stream), 0);
	}
	while (w->accepted < n || keys.waiting < (n < stacks ? n : stacks))
		turn(w);
}

static void crowd_close(struct crowd *w)
{
	assert_int_equal(keys.waiting, 0);
	listener_close(&w->listener);
	stream_hub_stop(&w->hub, NULL, NULL);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w->loop), 0);
}

static void crowd_end(struct crowd *w)
{
	for (unsigned i = 0; i < w->n; i++) {
		if (!w->clients[i].closed)
			stream_close(w->clients[i].stream, 0);
		if (!w->servers[i].closed)
			stream_close(w->servers[i].stream, 0);
	}
	while (w->closed < 2 * w->n)
		turn(w);
	crowd_close(w);
}

static void handshakes_wait_side_by_side(void **state)
{
	struct crowd w;

	(void)state;
	crowd_begin(&w, PEERS, PEERS + 1);
	assert_int_equal(keys.waiting, PEERS);
	assert_int_equal(w.secured, 0);
	/* The answers come in another order, too. */
	while (!list_empty(&keys.asked)) {
		struct list *last = keys.asked.prev;

		list_remove(last);
		list_prepend(&keys.asked, last);
		signer_answer(&keys, 0);
	}
	while (w.secured < 2 * PEERS)
		turn(&w);
	note_depth(w.hub);
	crowd_end(&w);
	assert_int_equal(keys.forgotten, 0);
}

static void more_handshakes_than_stacks_have_their_turns(void **state)
{
	struct crowd w;

	(void)state;
	crowd_begin(&w, PEERS, 2);
	while (w.secured < 2 * PEERS) {
		signer_answer(&keys, 0);
		turn(&w);
	}
	assert_int_equal(keys.most_waiting, 2);
	crowd_end(&w);
}

static void a_client_that_goes_gives_its_stack_back(void **state)
{
	struct crowd w;
	unsigned closed = 0;

	(void)state;
	crowd_begin(&w, PEERS, PEERS / 2);
	/* All that wait for a signature or for a stack, but the last. */
	for (; closed < PEERS - 1; closed++)
		stream_close(w.clients[closed].stream, 0);
	while (w.closed < 2 * closed) {
		turn(&w);
		assert_int_equal(w.secured, 0);
	}
	assert_true(keys.forgotten >= PEERS / 2 - 1);
	assert_int_equal(keys.waiting, 1);
	while (w.secured < 2) {
		signer_answer(&keys, 0);
		turn(&w);
	}
	crowd_end(&w);
}

static void what_is_closed_while_it_waits_asks_no_more(void **state)
{
	struct crowd w;

	(void)state;
	crowd_begin(&w, 4, 2);
	for (unsigned i = 0; i < 4; i++) {
		stream_close(w.servers[i].stream, i % 2 == 0 ? 0 : 1000);
		assert_true(keys.waiting <= 3 - i || keys.waiting <= 1);
	}
	assert_int_equal(keys.waiting, 0);
	crowd_end(&w);
	assert_true(keys.forgotten >= 2);
}

static void what_a_client_sends_meanwhile_is_bounded(void **state)
{
	static const uint8_t record[] = {22, 3, 3, 0x40, 0};
	static uint8_t much[64 * 1024];
	struct crowd w;
	struct stream *server;

	(void)state;
	crowd_begin(&w, 1, 1);
	server = w.servers[0].stream;
	for (size_t at = 0; at + sizeof record + 0x4000 <= sizeof much; at += sizeof record + 0x4000)
		memcpy(much + at, record, sizeof record);
	for (unsigned i = 0; i < 16; i++) { /* below TLS, in the middle of the handshake */
		uv_os_fd_t fd;

		assert_int_equal(uv_fileno((uv_handle_t *)&w.clients[0].stream->tcp, &fd), 0);
		(void)!send(fd, much, 3 * (sizeof record + 0x4000), MSG_DONTWAIT | MSG_NOSIGNAL);
		turn(&w);
		assert_true(server->held_len <= STREAM_READ_SIZE);
	}
	assert_true(server->held_len > 0);
	signer_answer(&keys, 0);
	while (!w.servers[0].closed)
		turn(&w);
	assert_false(w.servers[0].secure);
	crowd_end(&w);
}

/* ---- callers that say the first word, and no other -------------------------------------- */

static ssize_t keep(gnutls_transport_ptr_t out, const void *p, size_t n)
{
	buf_put(out, p, n);
	return (ssize_t)n;
}

static ssize_t nothing_yet(gnutls_transport_ptr_t out, void *p, size_t n)
{
	(void)out, (void)p, (void)n;
	errno = EAGAIN;
	return -1;
}

static void make_hello(struct buf *out)
{
	gnutls_certificate_credentials_t credentials;
	gnutls_session_t tls;

	assert_int_equal(gnutls_certificate_allocate_credentials(&credentials), 0);
	assert_int_equal(gnutls_init(&tls, GNUTLS_CLIENT), 0);
	gnutls_priority_set_direct(tls, TLS13, NULL);
	gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_ptr(tls, out);
	gnutls_transport_set_push_function(tls, keep);
	gnutls_transport_set_pull_function(tls, nothing_yet);
	assert_int_equal(gnutls_handshake(tls), GNUTLS_E_AGAIN);
	gnutls_deinit(tls);
	gnutls_certificate_free_credentials(credentials);
}

static int call(struct crowd *w, const struct buf *hello)
{
	struct address a = crowd_address(w);
	struct sockaddr_storage to;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address_to_sockaddr(&a, &to);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(struct sockaddr_in)), 0);
	assert_int_equal(send(fd, hello->data, hello->len, 0), (ssize_t)hello->len);
	return fd;
}

static void no_more_than_four_begin_in_a_turn_of_the_loop(void **state)
{
	struct buf hello = BUF_INIT;
	unsigned before = 0;
	struct crowd w;
	int fd[CALLERS];

	(void)state;
	make_hello(&hello);
	crowd_open(&w, CALLERS);
	for (unsigned i = 0; i < CALLERS; i++)
		fd[i] = call(&w, &hello);
	while (keys.waiting < CALLERS) {
		uv_run(&w.loop, UV_RUN_ONCE); /* it does not wait while one of them does */
		assert_in_range(keys.waiting - before, 0, BEGIN_IN_A_TURN);
		before = keys.waiting;
	}
	for (unsigned i = 0; i < CALLERS; i++)
		close(fd[i]);
	while (w.closed < CALLERS)
		turn(&w);
	crowd_close(&w);
	buf_fini(&hello);
}

static void the_stack_is_large_enough(void **state)
{
	(void)state;
	printf("the deepest handshake took %zu bytes of its stack\n", deepest);
	assert_in_range(deepest, 1024, COROUTINE_STACK / 2);
}

static int begin(void **state)
{
	(void)state;
	return keys_begin("peer.example");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_key_serves_both_versions),
		cmocka_unit_test(a_session_that_is_resumed_needs_no_signature),
		cmocka_unit_test(a_signature_that_is_refused_ends_the_handshake),
		cmocka_unit_test(handshakes_wait_side_by_side),
		cmocka_unit_test(more_handshakes_than_stacks_have_their_turns),
		cmocka_unit_test(a_client_that_goes_gives_its_stack_back),
		cmocka_unit_test(what_is_closed_while_it_waits_asks_no_more),
		cmocka_unit_test(what_a_client_sends_meanwhile_is_bounded),
		cmocka_unit_test(no_more_than_four_begin_in_a_turn_of_the_loop),
		cmocka_unit_test(the_stack_is_large_enough),
	};

	return cmocka_run_group_tests(tests, begin, keys_end);
}
