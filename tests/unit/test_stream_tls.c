/* stream under TLS: handshakes, records in every shape, what is refused. */
#include "net_fixture.h"

#include "net_certs.h"
#include "net_signer.h"

static struct test_signer keys;
static struct tls_store *store;	      /* a.example, b.example */
static struct tls_store *asking_store; /* the same, asks for client certificates */

#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"

static void echo(struct server *v, const uint8_t *p, size_t n)
{
	buf_put(&v->got, p, n);
	stream_write(v->stream, p, n);
}

static void say_hello(struct client *c)
{
	CHECK(client_tls(c) == 0);
	CHECK(client_put(c, "hello", 5));
	CHECK(client_get_text(c, "hello"));
	CHECK(gnutls_bye(c->tls, GNUTLS_SHUT_WR) == 0);
	CHECK(client_drain(c) == 0); /* the server says goodbye, too */
}

static void both_versions_carry_bytes_and_bind_the_channel(void **state)
{
	static const struct {
		const char *priorities, *description;
		bool has_exporter;
	} cases[] = {
		{"NORMAL", "TLS1.3 AES-128-GCM", true},
		{TLS13 ":-CIPHER-ALL:+AES-256-GCM", "TLS1.3 AES-256-GCM", true},
		{TLS13 ":-CIPHER-ALL:+CHACHA20-POLY1305", "TLS1.3 CHACHA20-POLY1305", true},
		{TLS12, "TLS1.2 AES-128-GCM", true},
		{TLS12 ":-CIPHER-ALL:+CHACHA20-POLY1305", "TLS1.2 CHACHA20-POLY1305", true},
		/* RFC 9266: without extended master secret there is no binding. */
		{TLS12 ":%NO_SESSION_HASH", "TLS1.2 AES-128-GCM", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct server v = {.plan = {.store = store, .on_data = echo}};
		struct client c = {.script = say_hello, .priorities = cases[i].priorities};

		serve(&v, &c);
		assert_int_equal(v.secured, 1);
		assert_got(&v, "hello");
		assert_string_equal(v.description, cases[i].description);
		assert_int_equal(v.has_exporter, cases[i].has_exporter);
		if (v.has_exporter)
			assert_memory_equal(v.exporter, c.exporter, 32);
		assert_string_equal(v.why, "closed by the peer");
		assert_string_equal(v.sni, "");
		assert_string_equal(v.jid, "");
		server_end(&v);
	}
}

static bool shows_name(struct client *c, const char *name)
{
	unsigned n = 0;
	const gnutls_datum_t *der = gnutls_certificate_get_peers(c->tls, &n);
	gnutls_x509_crt_t crt;
	bool yes;

	if (der == NULL || gnutls_x509_crt_init(&crt) < 0)
		return false;
	yes = gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER) == 0 &&
		gnutls_x509_crt_check_hostname(crt, name);
	gnutls_x509_crt_deinit(crt);
	return yes;
}

static void expect_a(struct client *c)
{
	say_hello(c);
	CHECK(shows_name(c, "a.example"));
}

static void expect_b(struct client *c)
{
	say_hello(c);
	CHECK(shows_name(c, "b.example"));
}

static void the_certificate_is_chosen_by_sni(void **state)
{
	static const struct {
		const char *sni, *seen;
		void (*script)(struct client *);
	} cases[] = {
		{"a.example", "a.example", expect_a},
		{"b.example", "b.example", expect_b},
		{"B.EXAMPLE", "b.example", expect_b},
		{"unknown.example", "unknown.example", expect_a},
		{NULL, "", expect_a},
	};

	(void)state;
	for (size_t i = 0; i < 2 * (sizeof cases / sizeof cases[0]); i++) {
		struct server v = {.plan = {.store = store, .on_data = echo}};
		struct client c = {.script = cases[i / 2].script,
			.sni = cases[i / 2].sni,
			.priorities = i % 2 == 0 ? TLS12 : TLS13};

		serve(&v, &c);
		assert_string_equal(v.sni, cases[i / 2].seen);
		server_end(&v);
	}
}

static void fail_handshake(struct client *c)
{
	CHECK(client_tls(c) < 0);
	CHECK(gnutls_alert_get(c->tls) != 0); /* and the client is told why */
}

static void what_is_not_offered_is_refused(void **state)
{
	static const struct {
		const char *priorities, *alpn, *why;
	} cases[] = {
		{"NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0", NULL, "TLS: no shared"},
		{TLS12 ":-CIPHER-ALL:+AES-128-CBC:+AES-256-CBC", NULL, "TLS: no shared cipher"},
		{TLS12 ":-KX-ALL:+RSA", NULL, "TLS: no shared cipher"},
		{TLS12 ":-KX-ALL:+DHE-RSA", NULL, "TLS: no shared cipher"},
		{TLS13 ":-CIPHER-ALL:+AES-128-CCM", NULL, "TLS: no shared cipher"},
		{TLS13 ":-GROUP-ALL:+GROUP-FFDHE2048", NULL, "TLS: no shared"},
		{TLS13, "h2", "TLS: no shared ALPN protocol"},
		{TLS12, "h2", "TLS: no shared ALPN protocol"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct server v = {.plan = {.store = store, .alpn = "xmpp-client"}};
		struct client c = {.script = fail_handshake,
			.priorities = cases[i].priorities,
			.alpn = cases[i].alpn};

		serve(&v, &c);
		if (strncmp(v.why, cases[i].why, strlen(cases[i].why)) != 0)
			fail_msg("case %zu: %s", i, v.why);
		assert_int_equal(v.secured, 0);
		server_end(&v);
	}
}

static void alpn_may_be_absent_or_right(void **state)
{
	static const char *const cases[] = {NULL, "xmpp-client"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct server v = {
			.plan = {.store = store, .alpn = "xmpp-client", .on_data = echo}};
		struct client c = {.script = say_hello, .alpn = cases[i]};

		serve(&v, &c);
		assert_got(&v, "hello");
		server_end(&v);
	}
}

static void upgrade(struct server *v, const uint8_t *p, size_t n)
{
	if (stream_is_secure(v->stream)) {
		echo(v, p, n);
		return;
	}
	/* What stands behind the request is the callee's to drop. */
	assert_memory_equal(p, "<starttls/>", 11);
	stream_write(v->stream, "<proceed/>", 10);
	assert_int_equal(stream_start_tls(v->stream, store, NULL), 0);
	assert_int_equal(stream_start_tls(v->stream, store, NULL), BH_EINVAL);
	assert_int_equal(stream_sent(v->stream), 10);
	stream_write(v->stream, "first", 5); /* waits for the handshake */
}

static void upgrade_with_injection(struct client *c)
{
	CHECK(client_send(c, "<starttls/><auth/>", 18));
	CHECK(client_expect(c, "<proceed/>"));
	CHECK(client_tls(c) == 0);
	CHECK(client_get_text(c, "first"));
	CHECK(client_put(c, "hello", 5));
	CHECK(client_get_text(c, "hello"));
}

static void starttls_answers_in_the_clear_and_drops_what_came_along(void **state)
{
	struct server v = {.plan = {.on_data = upgrade}};
	struct client c = {.script = upgrade_with_injection};

	(void)state;
	serve(&v, &c);
	assert_got(&v, "hello");
	assert_string_equal(v.why, "closed by the peer");
	server_end(&v);
}

static void records_in_single_bytes_are_put_together(void **state)
{
	struct server v = {.plan = {.store = store, .on_data = echo}};
	struct client c = {.script = say_hello, .dribble = true};

	(void)state;
	serve(&v, &c);
	assert_got(&v, "hello");
	server_end(&v);
}

enum { BIG = 3 * 1024 * 1024 };

static void talk_much(struct client *c)
{
	static uint8_t p[BIG], q[BIG];
	size_t at = 0;

	for (size_t i = 0; i < BIG; i++)
		p[i] = (uint8_t)(i * 11 + (i >> 9));
	CHECK(client_tls(c) == 0);
	/* Sizes of all kinds, so that records fall on every boundary of the reads. */
	for (size_t i = 0, n = 1; i < BIG; i += n) {
		n = (i * 31 + 17) % 40000 + 1;
		if (n > BIG - i)
			n = BIG - i;
		CHECK(client_put(c, p + i, n));
	}
	usleep(50 * 1000); /* the server's writes block meanwhile */
	while (at < BIG) {
		ssize_t n = client_get(c, q + at, BIG - at);

		CHECK(n > 0);
		at += (size_t)n;
	}
	CHECK(memcmp(p, q, BIG) == 0);
	CHECK(gnutls_bye(c->tls, GNUTLS_SHUT_WR) == 0);
}

static void keep(struct server *v, const uint8_t *p, size_t n)
{
	buf_put(&v->got, p, n);
	if (v->got.len < BIG)
		return;
	stream_write(v->stream, v->got.data, v->got.len);
	stream_wait_sent(v->stream);
}

static void check_sent(struct server *v)
{
	assert_int_equal(stream_sent(v->stream), BIG);
	assert_int_equal(stream_written(v->stream), BIG);
}

static void much_data_of_all_sizes_comes_through(void **state)
{
	struct server v = {.plan = {.store = store, .on_data = keep, .on_sent = check_sent}};
	struct client c = {.script = talk_much};

	(void)state;
	serve(&v, &c);
	assert_int_equal(v.got.len, BIG);
	assert_int_equal(v.sent, 1);
	server_end(&v);
}

static void resume_now(uv_timer_t *timer)
{
	struct server *v = timer->data;

	stream_resume(v->stream);
}

/* Pauses at every piece: what lies behind it must neither come early nor get lost. */
static void pause_each_time(struct server *v, const uint8_t *p, size_t n)
{
	assert_false(uv_is_active((uv_handle_t *)&v->timer));
	buf_put(&v->got, p, n);
	stream_pause(v->stream);
	if (v->got.len == 400000)
		stream_write(v->stream, "done", 4);
	uv_timer_start(&v->timer, resume_now, 1, 0);
}

static void send_400000(struct client *c)
{
	static uint8_t p[400000];

	for (size_t i = 0; i < sizeof p; i++)
		p[i] = (uint8_t)(i * 13 + (i >> 8));
	CHECK(client_tls(c) == 0);
	CHECK(client_put(c, p, sizeof p));
	CHECK(client_get_text(c, "done"));
}

static void pausing_loses_nothing(void **state)
{
	struct server v = {.plan = {.store = store, .on_data = pause_each_time}};
	struct client c = {.script = send_400000};

	(void)state;
	serve(&v, &c);
	assert_int_equal(v.got.len, 400000);
	for (size_t i = 0; i < v.got.len; i++)
		assert_int_equal(v.got.data[i], (uint8_t)(i * 13 + (i >> 8)));
	assert_true(v.chunks > 10);
	server_end(&v);
}

static void a_client_certificate_gives_its_jid_when_it_verifies(void **state)
{
	static const struct {
		const char *cert, *jid, *priorities;
	} cases[] = {
		{"juliet", "juliet@a.example", TLS13},
		{"juliet", "juliet@a.example", TLS12},
		{"plain", "", TLS13},	 /* verified, without xmppAddr */
		{"impostor", "", TLS13}, /* of another CA */
		{"expired", "", TLS13},
		{NULL, "", TLS13},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct server v = {.plan = {.store = asking_store, .on_data = echo}};
		struct client c = {.script = say_hello,
			.priorities = cases[i].priorities,
			.cert = cases[i].cert != NULL ? certs_path(cases[i].cert, "") : NULL};

		serve(&v, &c);
		assert_string_equal(v.jid, cases[i].jid);
		server_end(&v);
	}
}

static unsigned tickets_seen;

static int count_ticket(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
	const gnutls_datum_t *msg)
{
	(void)session;
	(void)when;
	(void)msg;
	tickets_seen += type == GNUTLS_HANDSHAKE_NEW_SESSION_TICKET && incoming != 0;
	return 0;
}

static void drop_ticket(void)
{
	gnutls_free(client_ticket.data);
	client_ticket = (gnutls_datum_t){0};
}

static void keep_ticket(struct client *c)
{
	CHECK(client_tls(c) == 0);
	gnutls_handshake_set_hook_function(
		c->tls, GNUTLS_HANDSHAKE_NEW_SESSION_TICKET, GNUTLS_HOOK_POST, count_ticket);
	CHECK(client_put(c, "hello", 5));
	CHECK(client_get_text(c, "hello"));
	drop_ticket();
	CHECK(gnutls_session_get_data2(c->tls, &client_ticket) == 0);
	CHECK(gnutls_bye(c->tls, GNUTLS_SHUT_WR) == 0);
	client_drain(c);
}

/* Connects twice, the second time with what the first brought. */
static bool resumes(const char *priorities, const char *cert, const char *jid)
{
	bool resumed = false;

	tickets_seen = 0;
	for (int i = 0; i < 2; i++) {
		struct server v = {.plan = {.store = cert != NULL ? asking_store : store,
					   .on_data = echo}};
		struct client c = {.script = keep_ticket,
			.priorities = priorities,
			.resume_from = i == 1,
			.sni = "b.example",
			.cert = cert};

		serve(&v, &c);
		assert_string_equal(v.sni, "b.example");
		assert_memory_equal(v.exporter, c.exporter, 32);
		assert_string_equal(v.jid, jid);
		resumed = c.resumed;
		server_end(&v);
	}
	drop_ticket();
	return resumed;
}

static void tls13_sends_one_ticket_that_resumes(void **state)
{
	(void)state;
	assert_true(resumes(TLS13, NULL, ""));
	assert_int_equal(tickets_seen, 2); /* one each time */
	/* Who the client is survives it. */
	assert_true(resumes(TLS13, certs_path("juliet", ""), "juliet@a.example"));
}

static void tls12_has_no_tickets(void **state)
{
	(void)state;
	assert_false(resumes(TLS12, NULL, ""));
	assert_int_equal(tickets_seen, 0);
}

static void a_ticket_of_another_process_is_only_a_full_handshake(void **state)
{
	struct server v = {.plan = {.store = store, .on_data = echo}};
	struct server w = v;
	struct client c = {.script = keep_ticket}, d = {.script = keep_ticket, .resume_from = true};

	(void)state;
	serve(&v, &c);
	tls_global_fini();
	assert_int_equal(tls_global_init(), 0); /* draws another key */
	serve(&w, &d);
	assert_false(d.resumed);
	assert_got(&w, "hello");
	drop_ticket();
	server_end(&v);
	server_end(&w);
}

static void update_keys(struct client *c)
{
	uint8_t p[16];

	CHECK(client_tls(c) == 0);
	for (int i = 0; i < 3; i++) {
		CHECK(gnutls_session_key_update(c->tls, GNUTLS_KU_PEER) == 0);
		CHECK(client_put(c, "hello", 5));
		CHECK(client_get_text(c, "hello"));
	}
	for (int i = 0; i < 100; i++)
		gnutls_session_key_update(c->tls, 0);
	CHECK(client_get(c, p, sizeof p) <= 0);
}

static void a_few_key_updates_are_served_and_a_flood_closes(void **state)
{
	struct server v = {.plan = {.store = store, .on_data = echo}};
	struct client c = {.script = update_keys, .priorities = TLS13};

	(void)state;
	serve(&v, &c);
	assert_got(&v, "hellohellohello");
	assert_string_equal(v.why, "TLS: too many key updates");
	server_end(&v);
}

static void renegotiate(struct client *c)
{
	uint8_t p[16];

	CHECK(client_tls(c) == 0);
	CHECK(client_put(c, "hello", 5));
	CHECK(client_get_text(c, "hello"));
	CHECK(gnutls_handshake(c->tls) < 0);
	CHECK(client_get(c, p, sizeof p) <= 0);
}

static void renegotiation_is_refused(void **state)
{
	struct server v = {.plan = {.store = store, .on_data = echo}};
	struct client c = {.script = renegotiate, .priorities = TLS12};

	(void)state;
	serve(&v, &c);
	assert_int_equal(v.secured, 1);
	assert_string_equal(v.why, "TLS: renegotiation refused");
	server_end(&v);
}

static void ask_by_http(struct client *c)
{
	CHECK(client_send(c, "GET", 3));
	CHECK(recv(c->fd, &(char){0}, 1, 0) <= 0);
}

static void promise_too_much(struct client *c)
{
	CHECK(client_send(c, "\x16\x03\x01\xff\xff", 5));
	CHECK(recv(c->fd, &(char){0}, 1, 0) <= 0);
}

static void send_garbage_in_records(struct client *c)
{
	char p[64];

	CHECK(client_send(c, "\x16\x03\x01\x00\x06\xff\x00\x00\x02xx", 11));
	CHECK(recv(c->fd, p, sizeof p, 0) > 0); /* an alert */
}

static void forge_a_record(struct client *c)
{
	char p[64];

	CHECK(client_tls(c) == 0);
	CHECK(client_put(c, "hello", 5));
	CHECK(client_get_text(c, "hello"));
	CHECK(client_send(c, "\x17\x03\x03\x00\x20xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 37));
	CHECK(client_get(c, p, sizeof p) == GNUTLS_E_FATAL_ALERT_RECEIVED);
}

static void what_is_not_tls_is_refused(void **state)
{
	static const struct {
		void (*script)(struct client *);
		const char *why;
	} cases[] = {
		{ask_by_http, "TLS: what came is not a TLS record"},
		{promise_too_much, "TLS: what came is not a TLS record"},
		{send_garbage_in_records, "TLS: "},
		{forge_a_record, "TLS: a record that does not decrypt"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct server v = {.plan = {.store = store, .on_data = echo}};
		struct client c = {.script = cases[i].script};

		serve(&v, &c);
		if (strncmp(v.why, cases[i].why, strlen(cases[i].why)) != 0)
			fail_msg("case %zu: %s", i, v.why);
		server_end(&v);
	}
}

#define PROXY_LINE "PROXY TCP4 192.0.2.7 198.51.100.1 40000 5222\r\n"

static void hello_behind_header(struct client *c)
{
	/* The header goes into the segment of the ClientHello. */
	CHECK(send(c->fd, PROXY_LINE, sizeof PROXY_LINE - 1, MSG_MORE) > 0);
	say_hello(c);
}

static void tls_may_follow_a_proxy_header_at_once(void **state)
{
	struct server v = {.plan = {.store = store, .proxy = true, .on_data = echo}};
	struct client c = {.script = hello_behind_header};

	(void)state;
	serve(&v, &c);
	assert_string_equal(v.peer, "192.0.2.7:40000");
	assert_got(&v, "hello");
	server_end(&v);
}

static void say_bye_at_once(struct server *v)
{
	stream_write(v->stream, "bye", 3);
	stream_close(v->stream, 5000);
}

static void hear_bye(struct client *c)
{
	CHECK(client_tls(c) == 0);
	CHECK(client_get_text(c, "bye"));
	CHECK(client_drain(c) == 0);
}

static void closing_in_on_secure_says_goodbye(void **state)
{
	struct server v = {.plan = {.store = store, .on_secure = say_bye_at_once}};
	struct client c = {.script = hear_bye};

	(void)state;
	serve(&v, &c);
	assert_string_equal(v.why, "");
	assert_int_equal(v.chunks, 0);
	server_end(&v);
}

static void close_before_tls(struct server *v)
{
	stream_write(v->stream, "never", 5);
	stream_close(v->stream, 5000);
}

static void hear_nothing(struct client *c)
{
	CHECK(recv(c->fd, &(char){0}, 1, 0) == 0);
}

static void closing_before_the_handshake_tells_no_secret(void **state)
{
	struct server v = {.plan = {.store = store, .on_open = close_before_tls}};
	struct client c = {.script = hear_nothing};

	(void)state;
	serve(&v, &c);
	assert_string_equal(v.why, "");
	server_end(&v);
}

static void drop_store(struct server *v)
{
	tls_store_unref(&v->plan.store);
}

static void sessions_hold_their_store(void **state)
{
	struct tls_identity id = {"a.example", certs_path("a", ".crt"), certs_path("a", ".key")};
	struct server v = {.plan = {.on_open = drop_store, .on_data = echo}};
	struct client c = {.script = expect_a};
	char what[200];

	(void)state;
	assert_int_equal(tls_store_load(&(struct tls_plan){.ids = &id, .n = 1, .signer = &keys.signer}, &v.plan.store, what, sizeof what), 0);
	serve(&v, &c);
	assert_null(v.plan.store);
	assert_got(&v, "hello");
	server_end(&v);
}

static int begin(void **state)
{
	struct tls_identity ids[2];
	struct tls_plan plan = {.ids = ids, .n = 2, .signer = &keys.signer};
	char what[400];

	(void)state;
	if (certs_begin() < 0 || tls_global_init() < 0)
		return -1;
	certs_make(&(struct cert_spec){.name = "a", .dns = "a.example"});
	certs_make(&(struct cert_spec){.name = "b", .dns = "b.example"});
	certs_make(&(struct cert_spec){.name = "ca", .ca = true});
	certs_make(&(struct cert_spec){.name = "other", .ca = true});
	certs_make(&(struct cert_spec){
		.name = "juliet", .xmpp = "juliet@a.example", .issuer = "ca"});
	certs_make(&(struct cert_spec){.name = "plain", .dns = "x.example", .issuer = "ca"});
	certs_make(&(struct cert_spec){
		.name = "impostor", .xmpp = "juliet@a.example", .issuer = "other"});
	certs_make(&(struct cert_spec){.name = "expired",
		.xmpp = "juliet@a.example",
		.issuer = "ca",
		.from_days = -9,
		.to_days = -2});
	ids[0] = (struct tls_identity){
		"a.example", certs_path("a", ".crt"), certs_path("a", ".key")};
	ids[1] = (struct tls_identity){
		"b.example", certs_path("b", ".crt"), certs_path("b", ".key")};
	signer_init(&keys);
	if (signer_add(&keys, &ids[0]) < 0 || signer_add(&keys, &ids[1]) < 0 ||
		tls_store_load(&plan, &store, what, sizeof what) < 0)
		return -1;
	plan.client_ca = certs_path("ca", ".crt");
	return tls_store_load(&plan, &asking_store, what, sizeof what);
}

static int end(void **state)
{
	(void)state;
	tls_store_unref(&store);
	tls_store_unref(&asking_store);
	signer_fini(&keys);
	tls_global_fini();
	return certs_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_versions_carry_bytes_and_bind_the_channel),
		cmocka_unit_test(the_certificate_is_chosen_by_sni),
		cmocka_unit_test(what_is_not_offered_is_refused),
		cmocka_unit_test(alpn_may_be_absent_or_right),
		cmocka_unit_test(starttls_answers_in_the_clear_and_drops_what_came_along),
		cmocka_unit_test(records_in_single_bytes_are_put_together),
		cmocka_unit_test(much_data_of_all_sizes_comes_through),
		cmocka_unit_test(pausing_loses_nothing),
		cmocka_unit_test(a_client_certificate_gives_its_jid_when_it_verifies),
		cmocka_unit_test(tls13_sends_one_ticket_that_resumes),
		cmocka_unit_test(tls12_has_no_tickets),
		cmocka_unit_test(a_ticket_of_another_process_is_only_a_full_handshake),
		cmocka_unit_test(a_few_key_updates_are_served_and_a_flood_closes),
		cmocka_unit_test(renegotiation_is_refused),
		cmocka_unit_test(what_is_not_tls_is_refused),
		cmocka_unit_test(tls_may_follow_a_proxy_header_at_once),
		cmocka_unit_test(closing_in_on_secure_says_goodbye),
		cmocka_unit_test(closing_before_the_handshake_tells_no_secret),
		cmocka_unit_test(sessions_hold_their_store),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
