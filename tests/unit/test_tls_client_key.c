/* The side that connects: what it signs with for its own certificate, and servers whose keys cost too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/rand.h"
#include "net/stream_private.h"
#include "net/tls_handshake.h"
#include "net_keys.h"

#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2:+SIGN-EDDSA-ED448"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3:+SIGN-EDDSA-ED448"

/* ---- a server in a thread, by GnuTLS ---------------------------------------------------- */

struct theirs {
	pthread_t thread;
	int fd;
	const char *priorities;
	gnutls_certificate_credentials_t credentials;
	int result;
	bool verified; /* the client has shown a certificate, and the key to it */
};

static void *theirs_main(void *arg)
{
	struct theirs *t = arg;
	struct timeval patience = {.tv_sec = 20};
	int fd = accept(t->fd, NULL, NULL);
	gnutls_session_t tls;
	unsigned n = 0;
	char byte;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	gnutls_init(&tls, GNUTLS_SERVER | GNUTLS_NO_SIGNAL);
	gnutls_priority_set_direct(tls, t->priorities, NULL);
	gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, t->credentials);
	gnutls_certificate_server_set_request(tls, GNUTLS_CERT_REQUEST);
	gnutls_transport_set_int(tls, fd);
	do {
		t->result = gnutls_handshake(tls);
	} while (t->result < 0 && !gnutls_error_is_fatal(t->result));
	t->verified = t->result == 0 && gnutls_certificate_get_peers(tls, &n) != NULL && n > 0;
	if (t->result == 0)
		(void)!gnutls_record_recv(tls, &byte, 1); /* the client's goodbye */
	gnutls_deinit(tls);
	close(fd);
	return NULL;
}

static uint16_t theirs_start(struct theirs *t)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof in;

	t->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(t->fd, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(t->fd, 1), 0);
	assert_int_equal(getsockname(t->fd, (struct sockaddr *)&in, &len), 0);
	assert_int_equal(pthread_create(&t->thread, NULL, theirs_main, t), 0);
	return ntohs(in.sin_port);
}

static void theirs_join(struct theirs *t)
{
	pthread_join(t->thread, NULL);
	close(t->fd);
	gnutls_certificate_free_credentials(t->credentials);
}

/* ---- ours ------------------------------------------------------------------------------- */

struct ours {
	uv_loop_t loop;
	struct stream_hub *hub;
	struct stream *stream;
	struct tls_store *store;
	unsigned secured, closed;
	char why[160];
	size_t depth;
};

static void on_connected(void *owner)
{
	static const struct tls_wish wish = {.server = "peer.example", .local = "local.example"};
	struct ours *o = owner;

	assert_int_equal(stream_connect_tls(o->stream, o->store, &wish), 0);
}

static void on_secure(void *owner)
{
	struct ours *o = owner;

	o->secured++;
	stream_close(o->stream, 1000);
}

static void on_closed(void *owner, const char *why)
{
	struct ours *o = owner;

	o->closed++;
	o->depth = coroutine_deepest(o->hub->io.stacks);
	snprintf(o->why, sizeof o->why, "%s", why != NULL ? why : "");
}

static void call(struct ours *o, uint16_t port)
{
	static const struct stream_handlers handlers = {
		.on_connected = on_connected, .on_secure = on_secure, .on_closed = on_closed};
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct address a;

	uv_loop_init(&o->loop);
	assert_int_equal(stream_hub_start(&o->loop, &o->hub), 0);
	assert_true(address_from_sockaddr((struct sockaddr *)&in, &a));
	assert_int_equal(stream_connect(o->hub, &a, &handlers, o, &o->stream), 0);
	uv_run(&o->loop, UV_RUN_DEFAULT);
	assert_int_equal(o->closed, 1);
	stream_hub_stop(&o->hub, NULL, NULL);
	uv_run(&o->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&o->loop), 0);
}

static gnutls_certificate_credentials_t credentials_of(const char *name)
{
	gnutls_certificate_credentials_t c;

	assert_int_equal(gnutls_certificate_allocate_credentials(&c), 0);
	assert_int_equal(gnutls_certificate_set_x509_key_file(
				 c, certs_path(name, ".crt"), certs_path(name, ".key"), GNUTLS_X509_FMT_PEM),
		0);
	return c;
}

static void every_kind_of_key_is_shown_to_servers(void **state)
{
	static const char *const versions[] = {TLS13, TLS12};

	(void)state;
	for (size_t i = 0; i < 2 * KEY_KINDS; i++) {
		struct theirs t = {.priorities = versions[i % 2], .credentials = credentials_of("p256")};
		struct ours o = {.store = stores[i / 2]};
		unsigned before = keys.signatures;

		call(&o, theirs_start(&t));
		theirs_join(&t);
		if (!t.verified)
			fail_msg("%s: %s; %s", key_specs[i / 2].name, gnutls_strerror(t.result), o.why);
		assert_int_equal(keys.signatures - before, 1);
		assert_in_range(o.depth, 1, COROUTINE_STACK / 2);
	}
}

/* ---- keys that cost too much -------------------------------------------------------------- */

static size_t modulus_size;

static int sign_anything(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *userdata, unsigned flags,
	const gnutls_datum_t *hash, gnutls_datum_t *signature)
{
	(void)key, (void)algorithm, (void)userdata, (void)flags, (void)hash;
	signature->data = gnutls_malloc(modulus_size);
	signature->size = (unsigned)modulus_size;
	rand_bytes(signature->data, modulus_size);
	signature->data[0] = 1;
	return 0;
}

static int tell(gnutls_privkey_t key, unsigned flags, void *userdata)
{
	(void)key, (void)userdata;
	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO)
		return GNUTLS_PK_RSA;
	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS)
		return (int)modulus_size * 8;
	return (flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO) != 0;
}

/* A certificate for a number that nobody knows the factors of: it only has to be worked with. */
static void make_certificate(size_t bits, size_t exponent_size, gnutls_x509_crt_t *out)
{
	uint8_t *numbers = malloc(bits / 8 + exponent_size);
	gnutls_datum_t m = {numbers, (unsigned)(bits / 8)}, e = {numbers + bits / 8, (unsigned)exponent_size};
	gnutls_x509_privkey_t issuer_key = certs_read_key("p256");
	gnutls_x509_crt_t issuer = certs_read_crt("p256");
	gnutls_pubkey_t key;

	rand_bytes(numbers, bits / 8 + exponent_size);
	m.data[0] |= 0xc0;
	m.data[m.size - 1] |= 1;
	e.data[0] &= 0x7f;
	e.data[0] |= 1;
	e.data[e.size - 1] |= 1;
	CERTS_MUST(gnutls_pubkey_init(&key));
	CERTS_MUST(gnutls_pubkey_import_rsa_raw(key, &m, &e));
	CERTS_MUST(gnutls_x509_crt_init(out));
	certs_fill(*out, &(struct cert_spec){.name = "huge", .dns = "peer.example"});
	CERTS_MUST(gnutls_x509_crt_set_pubkey(*out, key));
	CERTS_MUST(gnutls_x509_crt_sign2(*out, issuer, issuer_key, GNUTLS_DIG_SHA256, 0));
	gnutls_pubkey_deinit(key);
	gnutls_x509_privkey_deinit(issuer_key);
	gnutls_x509_crt_deinit(issuer);
	free(numbers);
}

static gnutls_certificate_credentials_t impossible_credentials(size_t bits, size_t exponent_size)
{
	gnutls_certificate_credentials_t c;
	gnutls_x509_crt_t crt;
	gnutls_pcert_st chain;
	gnutls_privkey_t key;

	modulus_size = bits / 8;
	make_certificate(bits, exponent_size, &crt);
	CERTS_MUST(gnutls_pcert_import_x509(&chain, crt, 0));
	gnutls_x509_crt_deinit(crt);
	CERTS_MUST(gnutls_privkey_init(&key));
	CERTS_MUST(gnutls_privkey_import_ext4(key, NULL, sign_anything, sign_anything, NULL, NULL, tell, 0));
	CERTS_MUST(gnutls_certificate_allocate_credentials(&c));
	gnutls_certificate_set_flags(c, GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH | GNUTLS_CERTIFICATE_API_V2);
	CERTS_MUST(gnutls_certificate_set_key(c, NULL, 0, &chain, 1, key));
	return c;
}

static void a_server_with_a_huge_key_is_refused_before_it_costs(void **state)
{
	static const struct {
		size_t bits, exponent_size;
		const char *why;
	} cases[] = {
		{2048, 3, "TLS: public key signature verification has failed"},
		{8192, 3, "TLS: public key signature verification has failed"},
		{8208, 3, "TLS: the peer's key is too large"},
		{65536, 3, "TLS: the peer's key is too large"}, /* would not fit on the stack */
		{4096, 512, "TLS: the peer's key is too large"},
		{65536, 8192, "TLS: the peer's key is too large"}, /* would take minutes */
	};
	size_t deepest = 0;

	(void)state;
	for (size_t i = 0; i < 2 * (sizeof cases / sizeof cases[0]); i++) {
		struct theirs t = {.priorities = i % 2 == 0 ? TLS13 : TLS12,
			.credentials = impossible_credentials(cases[i / 2].bits, cases[i / 2].exponent_size)};
		struct ours o = {.store = stores[KEY_RSA]};

		call(&o, theirs_start(&t));
		theirs_join(&t);
		assert_int_equal(o.secured, 0);
		assert_string_equal(o.why, cases[i / 2].why);
		assert_in_range(o.depth, 1, COROUTINE_STACK / 2 + COROUTINE_STACK / 4);
		if (o.depth > deepest)
			deepest = o.depth;
	}
	printf("the deepest handshake took %zu bytes of its stack\n", deepest);
}

static int begin(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	return keys_begin("local.example");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_key_is_shown_to_servers),
		cmocka_unit_test(a_server_with_a_huge_key_is_refused_before_it_costs),
	};

	return cmocka_run_group_tests(tests, begin, keys_end);
}
