/* lib/watch/picture: what is seen of the suite, and what is still known without routerd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "watch/picture.h"

/* A daemon that counts `logins` so often, and one failure. */
static struct seen *add(struct picture *p, unsigned role, const char *name, uint64_t logins)
{
	struct counter c = {.name = "logins", .about = "Log-ins", .value = logins};
	struct msg_instance m = {
		.role = (uint16_t)role, .instance = str_of(name), .software = STR_LIT("1.0"), .pid = 17,
		.state = INSTANCE_UP, .changed_ms = 5, .started_ms = 3, .deaths = 2};
	struct buf list = BUF_INIT;
	struct seen *s;

	counter_put(&list, &c, NULL, NULL);
	c.name = "failed";
	c.value = 1;
	counter_put(&list, &c, "reason", "a \"quoted\" one");
	m.counters = buf_str(&list);
	s = picture_add(p, &m);
	buf_fini(&list); /* what is seen is its own */
	return s;
}

static struct picture *suite(void)
{
	struct picture *p = picture_create();

	picture_find(p, STR_LIT("routerd"))->state = INSTANCE_UP;
	add(p, ROLE_C2S, "c2sd@1", 3);
	add(p, ROLE_C2S, "c2sd@2", 4);
	add(p, ROLE_AUTH, "authd", 100);
	return p;
}

static void at_first_there_is_a_routerd_that_is_missing(void **state)
{
	struct picture *p = picture_create();
	const struct seen *s = picture_find(p, STR_LIT("routerd"));

	(void)state;
	assert_int_equal(p->taken_ms, 0);
	assert_int_equal(s->role, ROLE_ROUTER);
	assert_int_equal(s->state, INSTANCE_RESTARTING);
	assert_null(picture_find(p, STR_LIT("c2sd@1")));
	picture_free(&p);
	assert_null(p);
}

static void a_daemon_is_seen_with_what_it_counts(void **state)
{
	struct picture *p = suite();
	const struct seen *s = picture_find(p, STR_LIT("c2sd@1"));
	const struct counted *c;

	(void)state;
	assert_int_equal(s->pid, 17);
	assert_int_equal(s->deaths, 2);
	assert_int_equal(s->ncounters, 2);
	assert_int_equal(seen_value(s, "logins"), 3);
	assert_int_equal(seen_value(s, "log"), 0);
	assert_null(seen_counter(s, "log"));
	c = seen_counter(s, "failed{reason=\"a \\\"quoted\\\" one\"}");
	assert_non_null(c);
	assert_true(str_is(counted_base(c), "failed"));
	assert_true(str_is(counted_label(c), "a \\\"quoted\\\" one"));
	assert_null(counted_label(seen_counter(s, "logins")).p);
	picture_free(&p);
}

static void what_is_not_utf8_is_left_out(void **state)
{
	static const struct counter counters[] = {
		{.name = "fine", .about = "\xc3\xa9"}, {.name = "about", .about = "\xff"}, {.name = "last", .about = "x"}};
	struct picture *p = picture_create();
	struct buf list = BUF_INIT;
	/* The 64 bytes that are kept end within its last letter. */
	const char *version = "1234567890123456789012345678901234567890123456789012345678901" "23\xc3\xa9";
	struct msg_instance m = {.role = ROLE_C2S, .instance = STR_LIT("c2sd@1"), .software = str_of(version), .state = INSTANCE_UP};
	const struct seen *s;

	(void)state;
	counter_put(&list, &counters[0], NULL, NULL);
	counter_put(&list, &counters[1], NULL, NULL);
	counter_put(&list, &counters[2], "label", "\xc3");
	counter_put(&list, &counters[2], NULL, NULL);
	m.counters = buf_str(&list);
	s = picture_add(p, &m);
	assert_int_equal(s->ncounters, 2);
	assert_non_null(seen_counter(s, "fine"));
	assert_non_null(seen_counter(s, "last"));
	assert_int_equal(strlen(s->software), 63);
	buf_fini(&list);
	picture_free(&p);
}

static void sums_are_over_roles(void **state)
{
	struct picture *p = suite();

	(void)state;
	assert_int_equal(picture_sum(p, ROLE_C2S, "logins"), 7);
	assert_int_equal(picture_sum(p, ROLE_C2S | ROLE_AUTH, "logins"), 107);
	assert_int_equal(picture_sum(p, ROLE_S2S, "logins"), 0);
	picture_free(&p);
}

static void without_routerd_the_others_are_unknown_and_it_is_gone_after_a_while(void **state)
{
	struct picture *p = suite();
	struct seen *router = picture_find(p, STR_LIT("routerd"));

	(void)state;
	picture_router_lost(p, true);
	assert_int_equal(router->state, INSTANCE_RESTARTING);
	assert_int_equal(router->deaths, 1);
	assert_int_equal(picture_find(p, STR_LIT("authd"))->state, INSTANCE_UNKNOWN);
	assert_int_equal(picture_sum(p, ROLE_C2S, "logins"), 7);
	picture_router_missing(p);
	assert_int_equal(router->state, INSTANCE_RESTARTING);
	router->changed_ms = clock_ms() - 31000;
	picture_router_missing(p);
	assert_int_equal(router->state, INSTANCE_GONE);
	picture_free(&p);
}

static void a_state_that_is_none_is_unknown(void **state)
{
	struct picture *p = picture_create();
	struct msg_instance m = {.role = ROLE_C2S, .instance = STR_LIT("c2sd@1"), .state = 77};

	(void)state;
	assert_int_equal(picture_add(p, &m)->state, INSTANCE_UNKNOWN);
	for (unsigned i = 1; i <= INSTANCE_UNKNOWN; i++)
		assert_non_null(picture_state_name(i));
	assert_null(picture_state_name(INSTANCE_UNKNOWN + 1));
	picture_free(&p);
}

static void connections_stay_until_they_are_asked_for_again(void **state)
{
	struct picture *before = suite(), *after = suite();
	struct seen *old = picture_find(before, STR_LIT("c2sd@1")), *new = picture_find(after, STR_LIT("c2sd@1"));
	struct associations all = {BUF_INIT, 0};

	(void)state;
	association_put(&all, &(struct association){1, ASSOCIATION_IN, 5, STR_LIT("192.0.2.1")});
	seen_take_associations(old, buf_str(&all.list));
	buf_fini(&all.list);
	assert_int_equal(old->nassociations, 1);
	seen_keep_associations(new, old);
	picture_free(&before);
	assert_int_equal(new->nassociations, 1);
	assert_true(str_is(new->associations[0].remote, "192.0.2.1"));
	seen_take_associations(new, STR_LIT(""));
	assert_int_equal(new->nassociations, 0);
	picture_free(&after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_first_there_is_a_routerd_that_is_missing),
		cmocka_unit_test(a_daemon_is_seen_with_what_it_counts),
		cmocka_unit_test(what_is_not_utf8_is_left_out),
		cmocka_unit_test(sums_are_over_roles),
		cmocka_unit_test(without_routerd_the_others_are_unknown_and_it_is_gone_after_a_while),
		cmocka_unit_test(a_state_that_is_none_is_unknown),
		cmocka_unit_test(connections_stay_until_they_are_asked_for_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
