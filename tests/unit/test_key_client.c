/* The frames of key.sock, and a front end's side of it; keyd's is played by the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/rand.h"
#include "key/client.h"
#include "net_certs.h"

/* ---- frames ------------------------------------------------------------------------------------ */

static uint8_t frame[KEY_FRAME_MAX];
static const uint8_t some[KEY_IDS_MAX * TLS_KEY_ID_SIZE] = {1, 2, 3};

static const struct key_frame frames[] = {
	{.type = KEY_HELLO, .hello = {KEY_FOR_SERVERS}},
	{.type = KEY_KEYS, .keys = {.generation = 0x0102030405060708, .last = true, .ids = some, .n = KEY_IDS_MAX}},
	{.type = KEY_USES, .uses = {9}},
	{.type = KEY_SIGN, .sign = {.number = 1, .scheme = 0x0807, .key = some, .data = some, .len = 130}},
	{.type = KEY_SIGNED, .is_signed = {.number = 2, .verdict = KEY_DONE, .signature = some, .len = 72}},
	{.type = KEY_SIGNED, .is_signed = {.number = 3, .verdict = KEY_REFUSED}},
};

enum { FRAMES = sizeof frames / sizeof frames[0] };

static size_t put(const struct key_frame *f)
{
	return key_frame_put(f, frame, sizeof frame);
}

static void frames_come_through(void **state)
{
	struct key_frame f;

	(void)state;
	assert_int_equal(key_frame_get(frame, put(&frames[0]), &f), 0);
	assert_int_equal(f.hello.role, KEY_FOR_SERVERS);
	assert_int_equal(key_frame_get(frame, put(&frames[1]), &f), 0);
	assert_true(f.keys.generation == 0x0102030405060708 && f.keys.last && f.keys.n == KEY_IDS_MAX);
	assert_memory_equal(f.keys.ids, some, sizeof some);
	assert_int_equal(key_frame_get(frame, put(&frames[2]), &f), 0);
	assert_int_equal(f.uses.generation, 9);
	assert_int_equal(key_frame_get(frame, put(&frames[3]), &f), 0);
	assert_true(f.sign.number == 1 && f.sign.scheme == 0x0807 && f.sign.len == 130);
	assert_memory_equal(f.sign.key, some, TLS_KEY_ID_SIZE);
	assert_memory_equal(f.sign.data, some, 130);
	assert_int_equal(key_frame_get(frame, put(&frames[4]), &f), 0);
	assert_true(f.is_signed.number == 2 && f.is_signed.verdict == KEY_DONE && f.is_signed.len == 72);
	assert_int_equal(key_frame_get(frame, put(&frames[5]), &f), 0);
	assert_true(f.is_signed.number == 3 && f.is_signed.verdict == KEY_REFUSED && f.is_signed.len == 0);
}

static void a_frame_that_is_cut_or_too_long_is_none(void **state)
{
	/* The bytes before what may have any length. */
	static const size_t fixed[FRAMES] = {3, 11, 10, 44, 11, 11};
	struct key_frame f;

	(void)state;
	for (size_t i = 0; i < FRAMES; i++) {
		size_t n = put(&frames[i]);

		for (size_t len = 0; len < fixed[i]; len++)
			assert_int_equal(key_frame_get(frame, len, &f), BH_EPROTO);
		assert_int_equal(key_frame_put(&frames[i], frame, n - 1), 0);
		put(&frames[i]);
		frame[0]++;
		assert_int_equal(key_frame_get(frame, n, &f), BH_EVERSION);
	}
	assert_int_equal(key_frame_get(frame, put(&frames[0]) + 1, &f), BH_EPROTO);
	assert_int_equal(key_frame_get(frame, put(&frames[2]) + 1, &f), BH_EPROTO);
	assert_int_equal(key_frame_get(frame, put(&frames[1]) - 1, &f), BH_EPROTO); /* half an id */
	assert_int_equal(key_frame_get(frame, put(&frames[1]) + TLS_KEY_ID_SIZE, &f), BH_EPROTO);
	assert_int_equal(key_frame_get(frame, put(&frames[3]) - 130, &f), BH_EPROTO); /* nothing to sign */
	assert_int_equal(key_frame_get(frame, 44 + TLS_SIGNED_MAX, &f), 0);
	assert_int_equal(key_frame_get(frame, 44 + TLS_SIGNED_MAX + 1, &f), BH_EPROTO);
	assert_int_equal(key_frame_get(frame, put(&frames[4]) - 72, &f), BH_EPROTO); /* done, and no signature */
	assert_int_equal(key_frame_get(frame, put(&frames[5]) + 1, &f), BH_EPROTO); /* refused, and one */
}

static void what_has_no_meaning_is_no_frame(void **state)
{
	struct key_frame f;
	size_t n;

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		put(&frames[0]);
		frame[1] = (uint8_t)type;
		assert_int_equal(key_frame_get(frame, 3, &f), type == KEY_HELLO ? 0 : BH_EPROTO);
	}
	for (unsigned role = 0; role < 256; role++) {
		n = put(&frames[0]);
		frame[2] = (uint8_t)role;
		assert_int_equal(key_frame_get(frame, n, &f), role == 1 || role == 2 ? 0 : BH_EPROTO);
	}
	n = put(&frames[1]);
	frame[10] = 2; /* neither last nor not */
	assert_int_equal(key_frame_get(frame, n, &f), BH_EPROTO);
	n = put(&frames[5]);
	frame[10] = KEY_VERDICTS;
	assert_int_equal(key_frame_get(frame, n, &f), BH_EPROTO);
}

/* ---- keyd, played ------------------------------------------------------------------------------- */

static struct {
	uv_loop_t loop;
	char dir[64];
	int listener, fd;
	struct key_client *client;
	unsigned events[4];
	char text[400]; /* of the last one */
	struct tls_store *reserve; /* offered when keys are missing */
	bool stopped;
} t;

static void on_event(void *owner, enum key_event event, const char *text)
{
	(void)owner;
	t.events[event]++;
	snprintf(t.text, sizeof t.text, "%s", text);
	if (event == KEY_EVENT_LACKING && t.reserve != NULL) {
		key_client_offer(t.client, t.reserve);
		t.reserve = NULL;
	}
}

static struct sockaddr_un address(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof a.sun_path, "%s/%s", t.dir, KEY_SOCKET);
	return a;
}

static void listen_for_it(void)
{
	struct sockaddr_un a = address();

	t.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(t.listener, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(t.listener, 4), 0);
}

/* Turns of the loop until it is so. */
#define UNTIL(cond)                                                                                \
	do {                                                                                       \
		uint64_t end_ = uv_hrtime() + 20000000000ull;                                      \
		while (!(cond)) {                                                                  \
			uv_run(&t.loop, UV_RUN_NOWAIT);                                            \
			usleep(200);                                                               \
			assert_true(uv_hrtime() < end_);                                           \
		}                                                                                  \
	} while (0)

static void accept_it(void)
{
	UNTIL((t.fd = accept4(t.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0);
}

/* The next frame of the client; it must be of that type. */
static struct key_frame expect(uint8_t type)
{
	struct key_frame f;
	ssize_t n;

	UNTIL((n = recv(t.fd, frame, sizeof frame, MSG_DONTWAIT)) > 0);
	assert_int_equal(key_frame_get(frame, (size_t)n, &f), 0);
	assert_int_equal(f.type, type);
	return f;
}

static void say(const struct key_frame *f)
{
	size_t n = put(f);

	assert_int_equal(send(t.fd, frame, n, MSG_NOSIGNAL), (ssize_t)n);
}

static void list_keys(uint64_t generation, const struct tls_key_id *ids, size_t n)
{
	say(&(struct key_frame){.type = KEY_KEYS,
		.keys = {.generation = generation, .last = true, .ids = n > 0 ? ids->b : NULL, .n = n}});
}

static void hang_up(void)
{
	close(t.fd);
	t.fd = -1;
}

/* ---- stores -------------------------------------------------------------------------------------- */

static struct tls_key_id ids[3];

static struct tls_store *store_of(const char *name)
{
	struct tls_identity id = {"a.example", certs_path(name, ".crt"), NULL};
	struct tls_plan plan = {.ids = &id, .n = 1, .signer = key_client_signer(t.client)};
	struct tls_store *store;
	char what[400];

	if (tls_store_load(&plan, &store, what, sizeof what) != 0)
		fail_msg("%s", what);
	return store;
}

static const struct tls_key_id *used(void)
{
	return tls_store_key(key_client_store(t.client), 0);
}

static void begin_with_certificate(void)
{
	memset(&t, 0, sizeof t);
	snprintf(t.dir, sizeof t.dir, "%s", certs_dir);
	unlink(address().sun_path);
	t.fd = t.listener = -1;
	uv_loop_init(&t.loop);
	t.client = key_client_create(KEY_FOR_CLIENTS, on_event, NULL);
	key_client_offer(t.client, store_of("a"));
	assert_int_equal(key_client_start(t.client, &t.loop, t.dir), 0);
}

/* keyd has all keys, and the client has heard of it. */
static void begin_up(void)
{
	begin_with_certificate();
	listen_for_it();
	accept_it();
	assert_int_equal(expect(KEY_HELLO).hello.role, KEY_FOR_CLIENTS);
	list_keys(1, ids, 3);
	assert_int_equal(expect(KEY_USES).uses.generation, 1);
	assert_int_equal(t.events[KEY_EVENT_UP], 1);
}

static void on_stopped(void *arg)
{
	*(bool *)arg = true;
}

static void finish(void)
{
	key_client_stop(&t.client, on_stopped, &t.stopped);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	assert_true(t.stopped);
	assert_int_equal(uv_loop_close(&t.loop), 0);
	close(t.fd);
	close(t.listener);
}

static void the_first_certificates_are_used_at_once(void **state)
{
	(void)state;
	begin_with_certificate();
	assert_memory_equal(used(), &ids[0], sizeof ids[0]);
	UNTIL(t.events[KEY_EVENT_DOWN] == 1);
	assert_non_null(strstr(t.text, KEY_SOCKET));
	finish();
}

static void others_are_used_when_keyd_has_their_keys(void **state)
{
	(void)state;
	begin_up();
	key_client_offer(t.client, store_of("b")); /* there */
	assert_memory_equal(used(), &ids[1], sizeof ids[1]);
	assert_int_equal(t.events[KEY_EVENT_USED], 1);
	assert_int_equal(expect(KEY_USES).uses.generation, 1);

	list_keys(2, ids, 2); /* c is not */
	assert_int_equal(expect(KEY_USES).uses.generation, 2);
	key_client_offer(t.client, store_of("c"));
	assert_memory_equal(used(), &ids[1], sizeof ids[1]);
	list_keys(3, ids, 3);
	assert_int_equal(expect(KEY_USES).uses.generation, 3);
	assert_memory_equal(used(), &ids[2], sizeof ids[2]);
	assert_int_equal(t.events[KEY_EVENT_USED], 2);
	assert_int_equal(t.events[KEY_EVENT_LACKING], 0);
	finish();
}

static void what_is_in_use_stays_where_keyd_forgets_its_key(void **state)
{
	(void)state;
	begin_up();
	list_keys(2, &ids[1], 2);
	UNTIL(t.events[KEY_EVENT_LACKING] == 1);
	assert_non_null(strstr(t.text, "a.example"));
	assert_memory_equal(used(), &ids[0], sizeof ids[0]);
	t.reserve = store_of("b");
	list_keys(3, &ids[1], 2);
	UNTIL(t.events[KEY_EVENT_LACKING] == 2);
	assert_memory_equal(used(), &ids[1], sizeof ids[1]);
	/* It did not say that it uses a list whose keys it did not have. */
	assert_int_equal(expect(KEY_USES).uses.generation, 3);
	finish();
}

static void a_list_of_many_frames_counts_when_it_is_complete(void **state)
{
	static struct tls_key_id many[KEY_IDS_MAX];
	struct key_frame part = {
		.type = KEY_KEYS, .keys = {.generation = 1, .ids = many[0].b, .n = KEY_IDS_MAX}};

	(void)state;
	begin_with_certificate();
	listen_for_it();
	accept_it();
	expect(KEY_HELLO);
	for (unsigned i = 0; i < 100; i++) {
		rand_bytes(many, sizeof many);
		say(&part);
		uv_run(&t.loop, UV_RUN_NOWAIT);
		assert_int_equal(t.events[KEY_EVENT_UP], 0);
	}
	list_keys(1, ids, 1);
	UNTIL(t.events[KEY_EVENT_UP] == 1);
	assert_int_equal(t.events[KEY_EVENT_LACKING], 0);
	assert_int_equal(expect(KEY_USES).uses.generation, 1);
	part.keys.generation = 2; /* another list in the middle of one: only what it says itself counts */
	say(&part);
	list_keys(3, &ids[1], 2);
	UNTIL(t.events[KEY_EVENT_LACKING] == 1);
	assert_int_equal(t.events[KEY_EVENT_DOWN], 0);
	finish();
}

/* ---- signatures ------------------------------------------------------------------------------------ */

struct asked {
	struct tls_signing signing;
	unsigned done;
	int rc;
	size_t len;
};

static void on_done(struct tls_signing *signing, int rc, const uint8_t *signature, size_t n)
{
	struct asked *a = container_of(signing, struct asked, signing);

	(void)signature;
	a->done++;
	a->rc = rc;
	a->len = n;
}

static void ask(struct asked *a)
{
	struct tls_signer *signer = key_client_signer(t.client);

	*a = (struct asked){.signing = {.key = ids[0], .scheme = TLS_ECDSA_SHA256, .data = some, .len = 32,
				    .done = on_done}};
	signer->sign(signer, &a->signing);
}

static void forget(struct asked *a)
{
	key_client_signer(t.client)->forget(key_client_signer(t.client), &a->signing);
}

static void answer(uint64_t number, enum key_verdict verdict)
{
	say(&(struct key_frame){.type = KEY_SIGNED,
		.is_signed = {.number = number, .verdict = (uint8_t)verdict, .signature = some,
			.len = verdict == KEY_DONE ? 70 : 0}});
}

static void questions_are_answered_in_their_order(void **state)
{
	static const int codes[KEY_VERDICTS] = {0, BH_ENOTFOUND, BH_EDENIED, BH_ECRYPTO};
	struct asked a[KEY_VERDICTS];

	(void)state;
	begin_up();
	for (unsigned i = 0; i < KEY_VERDICTS; i++)
		ask(&a[i]);
	assert_int_equal(key_client_counts(t.client).waiting, KEY_VERDICTS);
	for (unsigned i = 0; i < KEY_VERDICTS; i++) {
		struct key_frame f = expect(KEY_SIGN);

		assert_true(f.sign.number == i + 1 && f.sign.scheme == TLS_ECDSA_SHA256 && f.sign.len == 32);
		assert_memory_equal(f.sign.key, &ids[0], sizeof ids[0]);
	}
	for (unsigned i = 0; i < KEY_VERDICTS; i++)
		answer(i + 1, i);
	UNTIL(a[KEY_VERDICTS - 1].done);
	for (unsigned i = 0; i < KEY_VERDICTS; i++)
		assert_true(a[i].done == 1 && a[i].rc == codes[i] && a[i].len == (i == 0 ? 70 : 0));
	assert_int_equal(key_client_counts(t.client).waiting, 0);
	assert_int_equal(key_client_counts(t.client).done, 1);
	assert_int_equal(key_client_counts(t.client).failed, KEY_VERDICTS - 1);
	finish();
}

static void what_is_asked_before_keyd_is_there_waits_for_it(void **state)
{
	struct asked a;

	(void)state;
	begin_with_certificate();
	ask(&a);
	UNTIL(t.events[KEY_EVENT_DOWN] == 1);
	listen_for_it();
	accept_it();
	expect(KEY_HELLO);
	list_keys(1, ids, 1);
	expect(KEY_USES);
	answer(expect(KEY_SIGN).sign.number, KEY_DONE);
	UNTIL(a.done);
	assert_int_equal(a.rc, 0);
	finish();
}

static void what_is_not_answered_is_asked_again(void **state)
{
	struct asked a[3];

	(void)state;
	begin_up();
	for (unsigned i = 0; i < 3; i++)
		ask(&a[i]);
	for (unsigned i = 0; i < 3; i++)
		expect(KEY_SIGN);
	answer(1, KEY_DONE);
	UNTIL(a[0].done);
	forget(&a[1]);
	hang_up();
	UNTIL(t.events[KEY_EVENT_DOWN] == 1);
	accept_it();
	expect(KEY_HELLO);
	list_keys(1, ids, 3);
	expect(KEY_USES);
	assert_int_equal(expect(KEY_SIGN).sign.number, 3);
	answer(3, KEY_DONE);
	UNTIL(a[2].done);
	assert_int_equal(a[1].done, 0);
	assert_int_equal(t.events[KEY_EVENT_UP], 2);
	finish();
}

static void an_answer_that_comes_too_late_is_dropped(void **state)
{
	struct asked a[2];

	(void)state;
	begin_up();
	ask(&a[0]);
	ask(&a[1]);
	expect(KEY_SIGN);
	expect(KEY_SIGN);
	forget(&a[0]);
	answer(1, KEY_DONE);
	answer(2, KEY_DONE);
	UNTIL(a[1].done);
	assert_int_equal(a[0].done, 0);
	assert_int_equal(t.events[KEY_EVENT_DOWN], 0);
	finish();
}

/* What keyd never says costs it the connection; what waits is asked again. */
static void nonsense_ends_the_connection(void **state)
{
	static const struct {
		size_t n;
		uint8_t bytes[16];
	} cases[] = {
		{1, {KEY_VERSION}},
		{3, {KEY_VERSION + 1, KEY_KEYS, 0}},
		{3, {KEY_VERSION, KEY_HELLO, 1}},
		{11, {KEY_VERSION, KEY_SIGNED, 0, 0, 0, 0, 0, 0, 0, 99, KEY_REFUSED}}, /* never asked */
		{11, {KEY_VERSION, KEY_SIGNED, 0, 0, 0, 0, 0, 0, 0, 2, KEY_REFUSED}},  /* not its turn */
		{0, {0}},							       /* too large */
	};
	static const uint8_t large[KEY_FRAME_MAX + 1] = {KEY_VERSION, KEY_KEYS};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct asked a[2];

		begin_up();
		ask(&a[0]);
		ask(&a[1]);
		if (cases[i].n > 0)
			assert_int_equal(send(t.fd, cases[i].bytes, cases[i].n, 0), cases[i].n);
		else
			assert_int_equal(send(t.fd, large, sizeof large, 0), sizeof large);
		UNTIL(t.events[KEY_EVENT_DOWN] == 1);
		assert_int_equal(a[0].done + a[1].done, 0);
		close(t.fd);
		accept_it();
		expect(KEY_HELLO);
		list_keys(1, ids, 3);
		expect(KEY_USES);
		assert_int_equal(expect(KEY_SIGN).sign.number, 1);
		forget(&a[0]);
		forget(&a[1]);
		finish();
	}
}

static void many_more_questions_than_the_socket_takes_are_all_asked(void **state)
{
	enum { MANY = 1000 };
	static struct asked a[MANY];

	(void)state;
	begin_up();
	for (unsigned i = 0; i < MANY; i++)
		ask(&a[i]);
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(expect(KEY_SIGN).sign.number, i + 1);
		answer(i + 1, KEY_DONE);
		uv_run(&t.loop, UV_RUN_NOWAIT);
	}
	UNTIL(a[MANY - 1].done);
	for (unsigned i = 0; i < MANY; i++)
		assert_true(a[i].done == 1 && a[i].rc == 0);
	finish();
}

static int begin(void **state)
{
	char what[400];

	(void)state;
	if (certs_begin() < 0 || tls_global_init() < 0)
		return -1;
	for (unsigned i = 0; i < 3; i++) {
		const char name[] = {(char)('a' + i), '\0'};
		struct tls_identity id = {"a.example", certs_path(name, ".crt"), NULL};
		struct tls_store *store;

		certs_make(&(struct cert_spec){.name = name, .dns = "a.example"});
		if (tls_store_load(&(struct tls_plan){.ids = &id, .n = 1}, &store, what, sizeof what) != 0)
			return -1;
		ids[i] = *tls_store_key(store, 0);
		tls_store_unref(&store);
	}
	return 0;
}

static int end(void **state)
{
	(void)state;
	tls_global_fini();
	return certs_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_come_through),
		cmocka_unit_test(a_frame_that_is_cut_or_too_long_is_none),
		cmocka_unit_test(what_has_no_meaning_is_no_frame),
		cmocka_unit_test(the_first_certificates_are_used_at_once),
		cmocka_unit_test(others_are_used_when_keyd_has_their_keys),
		cmocka_unit_test(what_is_in_use_stays_where_keyd_forgets_its_key),
		cmocka_unit_test(a_list_of_many_frames_counts_when_it_is_complete),
		cmocka_unit_test(questions_are_answered_in_their_order),
		cmocka_unit_test(what_is_asked_before_keyd_is_there_waits_for_it),
		cmocka_unit_test(what_is_not_answered_is_asked_again),
		cmocka_unit_test(an_answer_that_comes_too_late_is_dropped),
		cmocka_unit_test(nonsense_ends_the_connection),
		cmocka_unit_test(many_more_questions_than_the_socket_takes_are_all_asked),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
