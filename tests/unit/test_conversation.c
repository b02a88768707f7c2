/* conversation: every mechanism against gsasl's client, and every way that must not work. */
#include "authd_login.h"

/* ---- what works ------------------------------------------------------------------------- */

static void every_mechanism_lets_its_user_in(void **state)
{
	static const struct login logins[] = {
		{.mechanism = "SCRAM-SHA-1", .user = USER, .password = PASSWORD},
		{.mechanism = "SCRAM-SHA-256", .user = USER, .password = PASSWORD},
		{.mechanism = "SCRAM-SHA-1-PLUS", .user = USER, .password = PASSWORD,
			.client_exporter = exporter},
		{.mechanism = "SCRAM-SHA-256-PLUS", .user = USER, .password = PASSWORD,
			.client_exporter = exporter},
		{.mechanism = "PLAIN", .user = USER, .password = PASSWORD},
		{.mechanism = "EXTERNAL", .certificate = USER "@" DOMAIN},
		{.mechanism = "SCRAM-SHA-256", .user = USER, .password = PASSWORD,
			.offered = NO_PLUS, .no_exporter = true},
	};
	struct account_record record;

	(void)state;
	assert_int_equal(accounts_find(accounts, STR_LIT(USER "@" DOMAIN), &record), 0);
	for (size_t i = 0; i < 2 * sizeof(logins) / sizeof(logins[0]); i++) {
		struct login l = logins[i / 2];
		bool scram = strncmp(l.mechanism, "SCRAM", 5) == 0;

		l.no_initial = i % 2;
		assert_int_equal(run(&l), 0);
		assert_int_equal(heard.verdict.condition, 0);
		assert_string_equal(heard.account, USER "@" DOMAIN);
		assert_string_equal(heard.mechanism, l.mechanism);
		assert_true(heard.verdict.generation == record.generation);
		assert_int_equal(heard.verdict.delay_ms, 0);
		assert_int_equal(heard.verdict.final.p != NULL, scram);
	}
}

static void names_are_prepared_and_escaped(void **state)
{
	static const struct {
		const char *user, *account; /* account NULL: refused */
	} cases[] = {
		{"USER", USER "@" DOMAIN},
		{"\xef\xbc\xb5ser", USER "@" DOMAIN}, /* full-width U */
		{"a=b,c", "a=b,c@" DOMAIN},
		{USER "@" DOMAIN, NULL},
		{USER "@" DOMAIN "/phone", NULL},
		{"us er", NULL},
		{"us/er", NULL},
	};
	static const char *const mechanisms[] = {"SCRAM-SHA-256", "PLAIN"};

	(void)state;
	put("a=b,c@" DOMAIN, PASSWORD);
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct login l = {.mechanism = mechanisms[i % 2], .user = cases[i / 2].user,
			.password = PASSWORD};

		run(&l);
		assert_string_equal(heard.account,
			cases[i / 2].account != NULL ? cases[i / 2].account : "");
		assert_int_equal(heard.verdict.condition,
			cases[i / 2].account != NULL ? 0 : SASL_NOT_AUTHORIZED);
	}
}

static void passwords_are_saslprepped_alike_everywhere(void **state)
{
	static const char *const mechanisms[] = {"SCRAM-SHA-1", "SCRAM-SHA-256", "PLAIN"};

	(void)state;
	put("nine@" DOMAIN, "I\xc2\xadX"); /* with a soft hyphen: "IX" */
	for (size_t i = 0; i < 3; i++) {
		struct login l = {.mechanism = mechanisms[i], .user = "nine",
			.password = "\xe2\x85\xa8"}; /* ROMAN NUMERAL NINE */

		run(&l);
		assert_int_equal(heard.verdict.condition, 0);
	}
}

/* ---- what must not ---------------------------------------------------------------------- */

/* The last challenge, decoded. */
static void challenge_text(char *out, size_t size)
{
	struct buf bytes = BUF_INIT;

	assert_int_equal(base64_decode(str_of(heard.challenge), &bytes), 0);
	copy(out, size, buf_str(&bytes));
	buf_fini(&bytes);
}

/* Everything that c2sd or the client could see, but for the random nonce and the salt. */
static void shape(char *out, size_t size, const struct login *l)
{
	char text[512];
	const char *salt, *iterations;

	run(l);
	challenge_text(text, sizeof(text));
	salt = strstr(text, ",s=");
	iterations = strstr(text, ",i=");
	snprintf(out, size, "%u challenges, %zu bytes, salt at %td, iterations at %td %s; %u "
		"account=%d %s final=%d text=%s delay=%u generation=%lu", heard.challenges,
		strlen(text), salt != NULL ? salt - text : 0,
		iterations != NULL ? iterations - text : 0, iterations != NULL ? iterations : "",
		heard.verdict.condition, heard.verdict.account.p != NULL, heard.mechanism,
		heard.verdict.final.p != NULL, heard.text, heard.verdict.delay_ms,
		(unsigned long)heard.verdict.generation);
}

static void a_wrong_password_looks_like_an_unknown_user(void **state)
{
	static const char *const mechanisms[] = {"SCRAM-SHA-1", "SCRAM-SHA-256",
		"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "PLAIN"};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		/* Each is new to the throttle in each round. */
		struct login wrong = {.mechanism = mechanisms[i], .user = USER, .password = "no",
			.client_exporter = strstr(mechanisms[i], "PLUS") ? exporter : NULL};
		struct login unknown = wrong;
		char one[512], two[512];

		unknown.user = "resu";
		shape(one, sizeof(one), &wrong);
		assert_int_equal(heard.verdict.condition, SASL_NOT_AUTHORIZED);
		shape(two, sizeof(two), &unknown);
		assert_string_equal(one, two);
	}
}

static void an_unknown_user_has_the_same_salt_each_time(void **state)
{
	struct login l = {.mechanism = "SCRAM-SHA-256", .user = "ghost", .password = "no"};
	char one[512], two[512];

	(void)state;
	run(&l);
	challenge_text(one, sizeof(one));
	run(&l);
	challenge_text(two, sizeof(two));
	assert_non_null(strstr(one, ",s="));
	assert_string_equal(strstr(one, ",s="), strstr(two, ",s="));
}

static void plus_needs_the_binding_of_this_very_channel(void **state)
{
	uint8_t other[32] = "the man in the middle has this..";
	struct login l = {.mechanism = "SCRAM-SHA-256-PLUS", .user = USER, .password = PASSWORD,
		.client_exporter = other};

	(void)state;
	run(&l);
	assert_int_equal(heard.verdict.condition, SASL_NOT_AUTHORIZED);
}

static void client_first_messages_that_must_fail(void **state)
{
	static const struct {
		const char *mechanism, *offered, *raw;
		unsigned condition; /* 0: a challenge */
	} cases[] = {
		{"SCRAM-SHA-256", ALL, "n,,n=user,r=abcdef", 0},
		{"SCRAM-SHA-256", NO_PLUS, "y,,n=user,r=abcdef", 0},
		/* "You offer no -PLUS", but we did: somebody took it out of the list (S10). */
		{"SCRAM-SHA-256", ALL, "y,,n=user,r=abcdef", SASL_NOT_AUTHORIZED},
		{"SCRAM-SHA-1", "SCRAM-SHA-1 SCRAM-SHA-256-PLUS", "y,,n=user,r=abcdef",
			SASL_NOT_AUTHORIZED},
		{"SCRAM-SHA-256-PLUS", ALL, "y,,n=user,r=abcdef", SASL_MALFORMED_REQUEST},
		{"SCRAM-SHA-256-PLUS", ALL, "n,,n=user,r=abcdef", SASL_MALFORMED_REQUEST},
		{"SCRAM-SHA-256", ALL, "p=tls-exporter,,n=user,r=abcdef", SASL_MALFORMED_REQUEST},
		{"SCRAM-SHA-256-PLUS", ALL, "p=tls-unique,,n=user,r=abcdef", SASL_NOT_AUTHORIZED},
		{"SCRAM-SHA-256-PLUS", ALL, "p=tls-server-end-point,,n=user,r=abcdef",
			SASL_NOT_AUTHORIZED},
		{"SCRAM-SHA-256", ALL, "", SASL_MALFORMED_REQUEST},
		{"SCRAM-SHA-256", ALL, "n,,", SASL_MALFORMED_REQUEST},
		{"SCRAM-SHA-256", ALL, "n,,n=,r=abcdef", SASL_MALFORMED_REQUEST},
		{"SCRAM-SHA-256", ALL, "n,,n=user", SASL_MALFORMED_REQUEST},
		{"SCRAM-SHA-256", ALL, "n,,n=user,r=", SASL_MALFORMED_REQUEST},
		{"SCRAM-SHA-256", ALL, "n,,n=us=er,r=abcdef", SASL_MALFORMED_REQUEST},
		{"SCRAM-SHA-256", ALL, "n,,n=user=2,r=abcdef", SASL_MALFORMED_REQUEST},
		{"SCRAM-SHA-256", ALL, "n,,m=x,n=user,r=abcdef", SASL_MALFORMED_REQUEST},
		{"SCRAM-SHA-256", ALL, "x,,n=user,r=abcdef", SASL_MALFORMED_REQUEST},
		{"SCRAM-SHA-256", ALL, "nn,,n=user,r=abcdef", SASL_MALFORMED_REQUEST},
		{"SCRAM-SHA-256", ALL, "n,b=x,n=user,r=abcdef", SASL_MALFORMED_REQUEST},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		say(cases[i].mechanism, cases[i].offered, str_of(cases[i].raw));
		assert_int_equal(heard.verdict.condition, cases[i].condition);
		assert_int_equal(heard.challenges, cases[i].condition == 0);
		conversations_abort(conversations, ID);
	}
}

static void an_authzid_is_the_account_itself_or_nothing(void **state)
{
	static const struct {
		const char *authzid;
		unsigned condition;
	} cases[] = {
		{"", 0},
		{USER "@" DOMAIN, 0},
		{"User@X.Example", 0},
		{USER "@" DOMAIN "/balcony", SASL_INVALID_AUTHZID},
		{USER "@y.example", SASL_INVALID_AUTHZID},
		{"victim@" DOMAIN, SASL_INVALID_AUTHZID},
		{"victim", SASL_INVALID_AUTHZID},
		{USER, SASL_INVALID_AUTHZID},
		{DOMAIN, SASL_INVALID_AUTHZID},
		{"@" DOMAIN, SASL_INVALID_AUTHZID},
		{USER "@" DOMAIN " ", SASL_INVALID_AUTHZID},
		{USER "@" DOMAIN "/", SASL_INVALID_AUTHZID},
	};
	static const char *const mechanisms[] = {"PLAIN", "SCRAM-SHA-256", "EXTERNAL"};

	(void)state;
	for (size_t i = 0; i < 3 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct login l = {.mechanism = mechanisms[i % 3], .user = USER,
			.password = PASSWORD, .authzid = cases[i / 3].authzid,
			.certificate = USER "@" DOMAIN};

		if (cases[i / 3].authzid[0] == '\0')
			l.authzid = NULL;
		run(&l);
		assert_int_equal(heard.verdict.condition, cases[i / 3].condition);
		assert_string_equal(heard.account,
			cases[i / 3].condition == 0 ? USER "@" DOMAIN : "");
	}
}

static void plain_messages_that_must_fail(void **state)
{
	static const struct {
		struct str raw;
		unsigned condition;
	} cases[] = {
		{STR_LIT("\0user\0pencil"), 0},
		{STR_LIT("\0user\0pencil\0"), SASL_MALFORMED_REQUEST},
		{STR_LIT("\0user\0pen\0cil"), SASL_MALFORMED_REQUEST},
		{STR_LIT("\0\0user\0pencil"), SASL_MALFORMED_REQUEST},
		{STR_LIT("victim@x.example\0user\0pencil"), SASL_INVALID_AUTHZID},
		{STR_LIT("\0victim\0pencil"), SASL_NOT_AUTHORIZED},
		{STR_LIT("\0user\0"), SASL_MALFORMED_REQUEST},
		{STR_LIT("\0\0pencil"), SASL_MALFORMED_REQUEST},
		{STR_LIT("user\0pencil"), SASL_MALFORMED_REQUEST},
		{STR_LIT("user"), SASL_MALFORMED_REQUEST},
		{STR_LIT(""), SASL_MALFORMED_REQUEST},
		{STR_LIT("\0"), SASL_MALFORMED_REQUEST},
		{STR_LIT("\0user\0pencil "), SASL_NOT_AUTHORIZED},
		{STR_LIT("\0user\0\a"), SASL_NOT_AUTHORIZED},
		{STR_LIT("\0\xff\xfe\0pencil"), SASL_NOT_AUTHORIZED},
		{STR_LIT("\0\xef\xbc\xb5ser\0pencil"), 0}, /* a full-width U */
		{STR_LIT("\0\xf0\x9f\x98\x80\0pencil"), SASL_NOT_AUTHORIZED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		say("PLAIN", ALL, cases[i].raw);
		assert_int_equal(heard.verdict.condition, cases[i].condition);
	}
}

static void what_was_not_offered_is_not_accepted(void **state)
{
	static const struct {
		const char *mechanism, *offered;
		bool no_tls, no_exporter;
		unsigned condition;
	} cases[] = {
		{"ANONYMOUS", ALL " ANONYMOUS", false, false, SASL_INVALID_MECHANISM},
		{"DIGEST-MD5", ALL " DIGEST-MD5", false, false, SASL_INVALID_MECHANISM},
		{"CRAM-MD5", ALL " CRAM-MD5", false, false, SASL_INVALID_MECHANISM},
		{"LOGIN", ALL " LOGIN", false, false, SASL_INVALID_MECHANISM},
		{"plain", ALL " plain", false, false, SASL_INVALID_MECHANISM},
		{"", ALL, false, false, SASL_INVALID_MECHANISM},
		{"PLAI", ALL, false, false, SASL_INVALID_MECHANISM},
		{"PLAIN ", ALL, false, false, SASL_INVALID_MECHANISM},
		{"PLAIN", "SCRAM-SHA-1", false, false, SASL_INVALID_MECHANISM},
		{"PLAIN", "XPLAIN PLAINX", false, false, SASL_INVALID_MECHANISM},
		{"PLAIN", "", false, false, SASL_INVALID_MECHANISM},
		{"PLAIN", ALL, true, false, SASL_ENCRYPTION_REQUIRED},
		{"PLAIN", "SCRAM-SHA-1", true, false, SASL_ENCRYPTION_REQUIRED},
		{"SCRAM-SHA-1", "SCRAM-SHA-256", false, false, SASL_INVALID_MECHANISM},
		{"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", false, false, SASL_INVALID_MECHANISM},
		{"SCRAM-SHA-1-PLUS", NO_PLUS, false, false, SASL_INVALID_MECHANISM},
		{"SCRAM-SHA-1-PLUS", ALL, false, true, SASL_INVALID_MECHANISM},
		{"EXTERNAL", ALL, false, false, SASL_INVALID_MECHANISM}, /* no certificate */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct login l = {.mechanism = cases[i].mechanism, .offered = cases[i].offered,
			.no_exporter = cases[i].no_exporter};
		struct msg_auth_begin begin = begin_of(&l);

		memset(&heard, 0, sizeof(heard));
		begin.tls = !cases[i].no_tls;
		begin.initial = STR_LIT("AHVzZXIAcGVuY2ls");
		conversations_begin(conversations, ID, &begin);
		assert_int_equal(heard.verdict.condition, cases[i].condition);
		assert_int_equal(heard.verdicts, 1);
		assert_int_equal(heard.challenges, 0);
	}
}

static void what_the_server_does_not_know_is_not_accepted(void **state)
{
	struct offer all = domains[1].offer;
	struct login l = {.mechanism = "PLAIN", .user = USER, .password = PASSWORD};
	struct msg_auth_begin begin = begin_of(&l);

	(void)state;
	domains[1].offer = (struct offer){0};
	offer_add(&domains[1].offer, STR_LIT("SCRAM-SHA-256"));
	run(&l);
	assert_int_equal(heard.verdict.condition, SASL_INVALID_MECHANISM);
	domains[1].offer = all;
	begin.domain = STR_LIT("not-ours.example");
	memset(&heard, 0, sizeof(heard));
	conversations_begin(conversations, ID, &begin);
	assert_int_equal(heard.verdict.condition, SASL_NOT_AUTHORIZED);
}

static void bad_base64_is_named_as_such(void **state)
{
	static const char *const bad[] = {"A", "AAA", "AAAA=", "AA=A", "A A=", "AAAA\n", "====",
		"AHVz*XIA", "=AAA", "AA==AA=="};
	struct login l = {.mechanism = "SCRAM-SHA-256"};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(bad) / sizeof(bad[0]); i++) {
		struct msg_auth_begin begin = begin_of(&l);

		memset(&heard, 0, sizeof(heard));
		if (i % 2 == 0)
			begin.initial = str_of(bad[i / 2]);
		conversations_begin(conversations, ID, &begin);
		if (i % 2 == 1)
			conversations_step(conversations, ID, str_of(bad[i / 2]));
		assert_int_equal(heard.verdicts, 1);
		assert_int_equal(heard.verdict.condition, SASL_INCORRECT_ENCODING);
	}
}

static void a_last_message_cut_anywhere_lets_nobody_in(void **state)
{
	static const struct login l = {.mechanism = "SCRAM-SHA-256", .user = USER,
		.password = PASSWORD};
	size_t total = 1;

	(void)state;
	for (size_t cut = 0; cut < total; cut++) {
		Gsasl_session *s = client_open(&l);
		struct buf text = BUF_INIT;
		char *out = NULL, *raw = NULL;

		memset(&heard, 0, sizeof(heard));
		client_says(&l, s);
		assert_int_equal(gsasl_step64(s, heard.challenge, &out), GSASL_NEEDS_MORE);
		gsasl_base64_from(out, strlen(out), &raw, &total);
		base64_encode(str_make(raw, cut), &text);
		conversations_step(conversations, ID, cut > 0 ? buf_str(&text) : STR_LIT("="));
		assert_int_equal(heard.verdicts, 1);
		assert_true(heard.verdict.condition == SASL_MALFORMED_REQUEST ||
			heard.verdict.condition == SASL_NOT_AUTHORIZED);
		buf_fini(&text);
		gsasl_free(out);
		gsasl_free(raw);
		gsasl_finish(s);
	}
	assert_true(total > 40);
}

static void external_is_for_the_account_of_the_certificate(void **state)
{
	static const struct {
		const char *certificate;
		unsigned condition;
	} cases[] = {
		{USER "@" DOMAIN, 0},
		{"USER@" DOMAIN, 0},
		{USER "@y.example", SASL_NOT_AUTHORIZED},
		{"ghost@" DOMAIN, SASL_NOT_AUTHORIZED},
		{USER "@" DOMAIN "/x", SASL_NOT_AUTHORIZED},
		{DOMAIN, SASL_NOT_AUTHORIZED},
		{"@", SASL_NOT_AUTHORIZED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct login l = {.mechanism = "EXTERNAL", .certificate = cases[i].certificate};

		run(&l);
		assert_int_equal(heard.verdict.condition, cases[i].condition);
	}
}

/* ---- gsasl itself: what we rest upon ------------------------------------------------------ */

static void gsasl_accepts_unassigned_characters_only_without_the_flag(void **state)
{
	char *out = NULL;

	(void)state;
	assert_int_equal(gsasl_saslprep("\xf0\x9f\x98\x80", 0, &out, NULL), GSASL_OK);
	gsasl_free(out);
	assert_int_equal(gsasl_saslprep("\xf0\x9f\x98\x80", GSASL_ALLOW_UNASSIGNED, &out, NULL),
		GSASL_SASLPREP_ERROR);
}

static int gsasl_first(bool binding, const char *message)
{
	Gsasl_session *s = NULL;
	char *out = NULL;
	size_t len;
	int rc;

	gsasl_server_start(server, "SCRAM-SHA-256", &s);
	gsasl_property_set(s, GSASL_SCRAM_ITER, "4096");
	gsasl_property_set(s, GSASL_SCRAM_SALT, "QUFBQUFBQUFBQUFBQUFBQQ==");
	if (binding)
		gsasl_property_set(s, GSASL_CB_TLS_EXPORTER, "QUFBQQ==");
	rc = gsasl_step(s, message, strlen(message), &out, &len);
	if (rc == GSASL_NEEDS_MORE)
		gsasl_free(out);
	gsasl_finish(s);
	return rc;
}

static void gsasl_sees_the_downgrade_only_with_the_property(void **state)
{
	(void)state;
	assert_int_equal(gsasl_first(true, "y,,n=user,r=abc"), GSASL_AUTHENTICATION_ERROR);
	assert_int_equal(gsasl_first(false, "y,,n=user,r=abc"), GSASL_NEEDS_MORE);
	assert_int_equal(gsasl_first(true, "n,,n=user,r=abc"), GSASL_NEEDS_MORE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		T(every_mechanism_lets_its_user_in),
		T(names_are_prepared_and_escaped),
		T(passwords_are_saslprepped_alike_everywhere),
		T(a_wrong_password_looks_like_an_unknown_user),
		T(an_unknown_user_has_the_same_salt_each_time),
		T(plus_needs_the_binding_of_this_very_channel),
		T(client_first_messages_that_must_fail),
		T(an_authzid_is_the_account_itself_or_nothing),
		T(plain_messages_that_must_fail),
		T(what_was_not_offered_is_not_accepted),
		T(what_the_server_does_not_know_is_not_accepted),
		T(bad_base64_is_named_as_such),
		T(a_last_message_cut_anywhere_lets_nobody_in),
		T(external_is_for_the_account_of_the_certificate),
		T(gsasl_accepts_unassigned_characters_only_without_the_flag),
		T(gsasl_sees_the_downgrade_only_with_the_property),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, offer_all, NULL);
}
