/* conversation: guessing, limits, and how conversations end. */
#include "authd_login.h"

#include "base/clock.h"

static void guessing_slows_down_and_ends(void **state)
{
	static const struct throttle_limits limits = {3, 1000, 3600 * 1000};
	static const char *const users[] = {USER, "ghost"};

	(void)state;
	throttle_set_limits(throttle, &limits);
	for (int u = 0; u < 2; u++) {
		struct login l = {.mechanism = "SCRAM-SHA-1", .user = users[u], .password = "no"};

		for (uint32_t i = 0; i < 6; i++) {
			l.mechanism = i % 2 ? "SCRAM-SHA-1" : "PLAIN";
			run(&l);
			assert_int_equal(heard.verdict.condition, SASL_NOT_AUTHORIZED);
			assert_int_equal(heard.verdict.delay_ms, i < 3 ? 0 : 250u << (i - 3));
		}
		l.password = PASSWORD;
		for (int i = 0; i < 2; i++) {
			l.mechanism = i % 2 ? "SCRAM-SHA-1" : "PLAIN";
			run(&l);
			assert_int_equal(heard.verdict.condition, SASL_TEMPORARY_AUTH_FAILURE);
		}
	}
}

static void guesses_in_parallel_count_one_by_one(void **state)
{
	static const struct throttle_limits limits = {3, 1000, 3600 * 1000};
	struct login l = {.mechanism = "PLAIN"};
	struct msg_auth_begin begin = begin_of(&l);

	(void)state;
	throttle_set_limits(throttle, &limits);
	begin.initial = STR_LIT("AHVzZXIAbm8="); /* NUL user NUL no */
	for (uint64_t id = 100; id < 106; id++)
		conversations_begin(conversations, id, &begin);
	assert_int_equal(heard.verdicts, 0);
	conversations_begin(conversations, 106, &begin);
	assert_int_equal(heard.verdicts, 1);
	assert_int_equal(heard.verdict.condition, SASL_TEMPORARY_AUTH_FAILURE);
	while (heard.verdicts < 7)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(heard.verdict.condition, SASL_NOT_AUTHORIZED);
}

/* By PLAIN, where a password takes its time. */
static void who_has_logged_in_from_there_is_served_before_guesses(void **state)
{
	enum { GUESSES = 40, AT_WORK = 4 };
	struct login l = {.mechanism = "PLAIN", .user = USER, .password = PASSWORD};
	struct msg_auth_begin known = begin_of(&l), guess = known;

	(void)state;
	known.initial = STR_LIT("AHVzZXIAcGVuY2ls");
	guess.initial = STR_LIT("AHVzZXIAbm8="); /* NUL user NUL no */
	guess.address = STR_LIT("198.51.100.1:4000");
	run(&l);
	memset(&heard, 0, sizeof(heard));
	for (uint64_t id = 100; id < 100 + GUESSES; id++)
		conversations_begin(conversations, id, &guess);
	conversations_begin(conversations, ID, &known);
	while (heard.verdicts < GUESSES + 1)
		uv_run(&loop, UV_RUN_ONCE);
	/* Behind those that were being looked at, and beside as many that began with it. */
	assert_in_range(heard.turn, 1, 2 * AT_WORK);
}

static void a_disabled_account_is_told_so_after_its_password(void **state)
{
	struct login l = {.mechanism = "SCRAM-SHA-256", .user = USER, .password = PASSWORD};

	(void)state;
	sql("UPDATE accounts SET disabled = 1");
	run(&l);
	assert_int_equal(heard.verdict.condition, SASL_ACCOUNT_DISABLED);
	l.password = "no";
	run(&l);
	assert_int_equal(heard.verdict.condition, SASL_NOT_AUTHORIZED);
}

static void an_aborted_conversation_says_nothing(void **state)
{
	struct login l = {.mechanism = "PLAIN"};
	struct msg_auth_begin begin = begin_of(&l);

	(void)state;
	begin.initial = STR_LIT("AHVzZXIAcGVuY2ls");
	for (uint64_t id = 1; id <= 20; id++) {
		heard.verdicts = 0;
		conversations_begin(conversations, id, &begin);
		if (id % 2 == 0)
			uv_run(&loop, UV_RUN_NOWAIT); /* a thread works on it already */
		conversations_abort(conversations, id);
		conversations_step(conversations, id, STR_LIT("AAAA"));
		/* On a slow day the thread was done before the abort. */
		assert_true(heard.verdicts == 0 || heard.id == id);
	}
	heard.verdicts = 0;
	put("later@" DOMAIN, "x"); /* lets the threads come back */
	assert_int_equal(heard.verdicts, 0);
	assert_int_equal(conversations_open(conversations), 0);
}

static void what_comes_out_of_turn_ends_the_conversation(void **state)
{
	struct login l = {.mechanism = "PLAIN"};
	struct msg_auth_begin begin = begin_of(&l);

	(void)state;
	begin.initial = STR_LIT("AHVzZXIAcGVuY2ls");
	conversations_begin(conversations, ID, &begin);
	conversations_step(conversations, ID, STR_LIT("AHVzZXIAcGVuY2ls"));
	assert_int_equal(heard.verdicts, 1);
	assert_int_equal(heard.verdict.condition, SASL_MALFORMED_REQUEST);
}

static void conversations_end_after_their_time(void **state)
{
	struct login l = {.mechanism = "SCRAM-SHA-256"};
	struct msg_auth_begin begin = begin_of(&l);

	(void)state;
	conversations_stop(&conversations, closed, NULL);
	start_conversations(100, 30);
	conversations_begin(conversations, 1, &begin);
	conversations_begin(conversations, 2, &begin);
	assert_int_equal(heard.challenges, 2);
	assert_string_equal(heard.challenge, "");
	wait_for_verdict();
	assert_int_equal(heard.verdict.condition, SASL_TEMPORARY_AUTH_FAILURE);
	while (conversations_open(conversations) > 0)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(heard.verdicts, 2);
}

static void the_oldest_makes_room_after_a_tenth_of_its_time(void **state)
{
	struct login l = {.mechanism = "SCRAM-SHA-256"};
	struct msg_auth_begin begin = begin_of(&l);
	uint64_t until = clock_ms() + 101;

	(void)state;
	conversations_stop(&conversations, closed, NULL);
	start_conversations(2, 1000);
	conversations_begin(conversations, 1, &begin);
	conversations_begin(conversations, 2, &begin);
	while (clock_ms() < until)
		uv_run(&loop, UV_RUN_NOWAIT);
	conversations_begin(conversations, 3, &begin);
	assert_int_equal(heard.challenges, 3);
	assert_int_equal(heard.verdicts, 1);
	assert_int_equal(heard.verdict.condition, SASL_TEMPORARY_AUTH_FAILURE);
	conversations_abort(conversations, 1); /* is no more */
	assert_int_equal(conversations_open(conversations), 2);
	conversations_abort_all(conversations);
}

static void there_are_only_so_many_at_once(void **state)
{
	struct login l = {.mechanism = "SCRAM-SHA-256"};
	struct msg_auth_begin begin = begin_of(&l);

	(void)state;
	for (uint64_t id = 1; id <= 100; id++)
		conversations_begin(conversations, id, &begin);
	conversations_begin(conversations, 100, &begin); /* replaces itself */
	assert_int_equal(heard.verdicts, 0);
	conversations_begin(conversations, 101, &begin);
	assert_int_equal(heard.verdicts, 1);
	assert_int_equal(heard.verdict.condition, SASL_TEMPORARY_AUTH_FAILURE);
	conversations_abort_all(conversations);
	assert_int_equal(conversations_open(conversations), 0);
}

static void a_store_that_cannot_be_read_is_a_temporary_failure(void **state)
{
	struct login l = {.mechanism = "SCRAM-SHA-256", .user = USER, .password = PASSWORD};

	(void)state;
	sql("DROP TABLE accounts");
	run(&l);
	assert_int_equal(heard.verdict.condition, SASL_TEMPORARY_AUTH_FAILURE);
	assert_string_equal(heard.text, "Try again later.");
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		T(guessing_slows_down_and_ends),
		T(guesses_in_parallel_count_one_by_one),
		T(who_has_logged_in_from_there_is_served_before_guesses),
		T(a_disabled_account_is_told_so_after_its_password),
		T(an_aborted_conversation_says_nothing),
		T(what_comes_out_of_turn_ends_the_conversation),
		T(conversations_end_after_their_time),
		T(the_oldest_makes_room_after_a_tenth_of_its_time),
		T(there_are_only_so_many_at_once),
		T(a_store_that_cannot_be_read_is_a_temporary_failure),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, offer_all, NULL);
}
