/* authd's judgement of components' handshakes (XEP-0114), and the files of their secrets. */
#include "authd_login.h"

#include "xmpp/error.h"

/* The example of XEP-0114 3: its secret is "test". */
#define STREAM_ID "3BF96D32"
#define DIGEST "aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e"

static struct secret_entry entries[] = {{"irc.example", "test"}, {"broken.example", NULL}};

static int with_components(void **state)
{
	policy.secrets = (struct secrets){entries, 2};
	return offer_all(state);
}

static void begin(const char *domain, const char *mechanism, const char *initial)
{
	struct msg_auth_begin m = {
		.domain = str_of(domain), .mechanism = str_of(mechanism),
		.initial = str_of(initial), .address = STR_LIT("192.0.2.1"),
	};

	memset(&heard, 0, sizeof(heard));
	conversations_begin(conversations, ID, &m);
}

static void the_digest_of_id_and_secret_lets_a_component_in(void **state)
{
	(void)state;
	begin("irc.example", "COMPONENT", STREAM_ID " " DIGEST);
	assert_int_equal(heard.verdicts, 1);
	assert_int_equal(heard.verdict.condition, 0);
	assert_string_equal(heard.account, "irc.example");
	assert_string_equal(heard.mechanism, "COMPONENT");
	assert_int_equal(heard.verdict.delay_ms, 0);
	assert_int_equal(conversations_open(conversations), 0);
}

static void every_other_handshake_fails(void **state)
{
	static const struct {
		const char *domain, *initial;
		unsigned condition;
	} cases[] = {
		{"irc.example", "3BF96D33 " DIGEST, SASL_NOT_AUTHORIZED},
		{"irc.example", STREAM_ID " AAEE83C26AEEAFCBABEABFCBCD50DF997E0A2A1E",
			SASL_NOT_AUTHORIZED},
		{"irc.example", STREAM_ID " aaee83c26aeeafcbabeabfcbcd50df997e0a2a1f",
			SASL_NOT_AUTHORIZED},
		{"irc.example", STREAM_ID " " DIGEST "0", SASL_NOT_AUTHORIZED},
		{"irc.example", STREAM_ID "  " DIGEST, SASL_NOT_AUTHORIZED},
		{"irc.example", STREAM_ID " ", SASL_NOT_AUTHORIZED},
		{"irc.example", STREAM_ID, SASL_MALFORMED_REQUEST},
		{"irc.example", " " DIGEST, SASL_MALFORMED_REQUEST},
		/* No secret is not the empty secret. */
		{"broken.example", STREAM_ID " c7a0a4bc6d4d9f3d9b5c9c4a7c1d0b1a2f3e4d5c",
			SASL_TEMPORARY_AUTH_FAILURE},
		{"none.example", STREAM_ID " " DIGEST, SASL_NOT_AUTHORIZED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(cases[i].domain, "COMPONENT", cases[i].initial);
		assert_int_equal(heard.verdicts, 1);
		assert_int_equal(heard.verdict.condition, cases[i].condition);
		assert_null(heard.verdict.account.p);
	}
}

static void components_and_users_do_not_share_mechanisms(void **state)
{
	static const struct {
		const char *domain, *mechanism, *offered;
		unsigned condition;
	} cases[] = {
		{DOMAIN, "COMPONENT", "COMPONENT " ALL, SASL_INVALID_MECHANISM},
		{"irc.example", "PLAIN", ALL, SASL_NOT_AUTHORIZED},
		{"irc.example", "SCRAM-SHA-256", ALL, SASL_NOT_AUTHORIZED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct msg_auth_begin m = {
			.domain = str_of(cases[i].domain), .mechanism = str_of(cases[i].mechanism),
			.offered = str_of(cases[i].offered), .initial = STR_LIT("AGEAYg=="),
			.address = STR_LIT("192.0.2.1"), .tls = 1,
		};

		memset(&heard, 0, sizeof(heard));
		conversations_begin(conversations, ID, &m);
		assert_int_equal(heard.verdicts, 1);
		assert_int_equal(heard.verdict.condition, cases[i].condition);
	}
	assert_null(mechanism_find(STR_LIT("COMPONENT")));
}

static void too_many_guesses_are_not_looked_at(void **state)
{
	static const struct throttle_limits few = {3, 100, 60000};

	(void)state;
	throttle_set_limits(throttle, &few);
	for (int i = 0; i < 6; i++) {
		begin("irc.example", "COMPONENT", STREAM_ID " wrong");
		assert_int_equal(heard.verdict.condition, SASL_NOT_AUTHORIZED);
	}
	begin("irc.example", "COMPONENT", STREAM_ID " " DIGEST);
	assert_int_equal(heard.verdict.condition, SASL_TEMPORARY_AUTH_FAILURE);
}

/* ---- files ------------------------------------------------------------------------------ */

static void write_file(const char *name, const char *text, size_t len)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

static void load_secret(const char *text, size_t len, struct secrets *out)
{
	char path[128], what[512] = "";
	struct conf *conf = NULL;
	struct buf b = BUF_INIT;

	buf_printf(&b, "domain \"x.example\" { certificate = \"a\" key = \"b\" }\n"
		"component \"irc.example\" { secret = \"secret\" }\n");
	write_file("bulkhead.conf", (char *)b.data, b.len);
	buf_fini(&b);
	if (text != NULL)
		write_file("secret", text, len);
	snprintf(path, sizeof(path), "%s/bulkhead.conf", dir);
	assert_int_equal(conf_load(path, NULL, &conf, what, sizeof(what)), 0);
	secrets_load(conf, out);
	conf_free(&conf);
}

static void a_secret_is_the_one_line_of_its_file(void **state)
{
	static char longest[1025], over[1026];
	const struct {
		const char *text;
		size_t len;
		const char *secret; /* NULL: refused */
	} cases[] = {
		{"test", 4, "test"}, {"test\n", 5, "test"}, {"test\r\n", 6, "test"},
		{" a b ", 5, " a b "}, {longest, 1024, longest},
		{"", 0, NULL}, {"\n", 1, NULL}, {"a\nb\n", 4, NULL}, {over, 1025, NULL},
		{"a\0b", 3, NULL}, {NULL, 0, NULL},
	};

	(void)state;
	memset(longest, 'x', 1024);
	memset(over, 'x', 1025);
	for (size_t i = sizeof(cases) / sizeof(cases[0]); i-- > 0;) {
		struct secrets s = {0};

		load_secret(cases[i].text, cases[i].len, &s);
		assert_true(secrets_serve(&s, STR_LIT("irc.example")));
		assert_false(secrets_serve(&s, STR_LIT("x.example")));
		if (cases[i].secret == NULL)
			assert_null(secrets_find(&s, STR_LIT("irc.example")).p);
		else
			assert_true(str_is(secrets_find(&s, STR_LIT("irc.example")),
				cases[i].secret));
		secrets_fini(&s);
		assert_int_equal(s.n, 0);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(the_digest_of_id_and_secret_lets_a_component_in),
		T(every_other_handshake_fails),
		T(components_and_users_do_not_share_mechanisms),
		T(too_many_guesses_are_not_looked_at),
		T(a_secret_is_the_one_line_of_its_file),
	};

	return cmocka_run_group_tests(tests, with_components, NULL);
}
