/* Accounts by entryUUID and by name: who has a name, and who has it next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dirsyncd/departed.h"
#include "dirsyncd/known.h"

static const uint8_t *uuid(unsigned n)
{
	static uint8_t bytes[UUID_SIZE];

	memset(bytes, 0, sizeof bytes);
	memcpy(bytes, &n, sizeof n);
	return bytes;
}

static struct known *add(struct knowns *all, unsigned n, const char *local)
{
	return knowns_add(all, uuid(n), str_of(local), false);
}

static void one_is_found_by_both(void **state)
{
	struct knowns all = {.by_uuid = MAP_INIT};
	struct known *k = add(&all, 1, "alice");

	(void)state;
	assert_ptr_equal(knowns_find(&all, uuid(1)), k);
	assert_ptr_equal(knowns_named(&all, STR_LIT("alice")), k);
	assert_null(knowns_find(&all, uuid(2)));
	assert_null(knowns_named(&all, STR_LIT("bob")));
	assert_true(k->first);
	assert_int_equal(all.active, 1);
	assert_null(knowns_remove(&all, k));
	assert_null(knowns_named(&all, STR_LIT("alice")));
	assert_int_equal(all.active, 0);
	knowns_fini(&all);
}

static void the_first_of_a_name_has_it_until_it_goes(void **state)
{
	struct knowns all = {.by_uuid = MAP_INIT};
	struct known *first = add(&all, 1, "alice"), *second = add(&all, 2, "alice"), *third = add(&all, 3, "alice");

	(void)state;
	assert_ptr_equal(knowns_named(&all, STR_LIT("alice")), first);
	assert_true(!second->first && !third->first);
	assert_int_equal(all.active, 1);
	assert_null(knowns_remove(&all, third));
	assert_ptr_equal(knowns_remove(&all, first), second);
	assert_true(second->first);
	assert_ptr_equal(knowns_named(&all, STR_LIT("alice")), second);
	assert_int_equal(all.active, 1);
	knowns_fini(&all);
}

static void a_name_that_is_given_up_is_free(void **state)
{
	struct knowns all = {.by_uuid = MAP_INIT};
	struct known *alice = add(&all, 1, "alice"), *bob = add(&all, 2, "bob");

	(void)state;
	assert_null(knowns_rename(&all, alice, "bob"));
	assert_false(alice->first);
	assert_ptr_equal(knowns_rename(&all, bob, "alice"), alice);
	assert_true(alice->first && bob->first);
	assert_ptr_equal(knowns_named(&all, STR_LIT("bob")), alice);
	assert_ptr_equal(knowns_named(&all, STR_LIT("alice")), bob);
	knowns_fini(&all);
}

static void who_is_in_the_middle_of_a_name_s_chain_may_go(void **state)
{
	struct knowns all = {.by_uuid = MAP_INIT};
	struct known *k[5];

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		k[i] = add(&all, i, "alice");
	assert_null(knowns_remove(&all, k[2]));
	assert_null(knowns_rename(&all, k[4], "other"));
	assert_true(k[4]->first);
	for (unsigned left = 3; left > 1; left--) {
		struct known *next = knowns_remove(&all, knowns_named(&all, STR_LIT("alice")));

		assert_non_null(next);
		assert_true(next->first);
	}
	assert_null(knowns_remove(&all, knowns_named(&all, STR_LIT("alice"))));
	knowns_fini(&all);
}

static void those_that_are_locked_are_not_active(void **state)
{
	struct knowns all = {.by_uuid = MAP_INIT};
	struct known *alice = add(&all, 1, "alice"), *twin = add(&all, 2, "alice");

	(void)state;
	knowns_lock(&all, alice, true);
	assert_int_equal(all.active, 0);
	knowns_lock(&all, twin, true);
	knowns_lock(&all, twin, false);
	assert_int_equal(all.active, 0);
	(void)knowns_remove(&all, alice);
	assert_int_equal(all.active, 1);
	knowns_fini(&all);
}

static void those_that_are_going_and_held_are_counted(void **state)
{
	struct knowns all = {.by_uuid = MAP_INIT};
	struct known *alice = add(&all, 1, "alice"), *bob = add(&all, 2, "bob");

	(void)state;
	knowns_set_going(&all, alice, GOING_RENAMED, "alicia");
	knowns_set_going(&all, alice, GOING_RENAMED, alice->becomes);
	knowns_set_going(&all, bob, GOING_REMOVED, NULL);
	knowns_set_held(&all, alice, true);
	knowns_set_held(&all, alice, true);
	assert_string_equal(alice->becomes, "alicia");
	assert_true(all.going == 2 && all.held == 1);
	knowns_set_going(&all, bob, GOING_NOT, NULL);
	(void)knowns_remove(&all, alice);
	assert_true(all.going == 0 && all.held == 0);
	knowns_fini(&all);
}

static void those_that_went_first_are_due_first(void **state)
{
	struct departures all;

	(void)state;
	departures_init(&all);
	assert_true(departed_add(&all, STR_LIT("alice"), uuid(1), 100));
	assert_true(departed_add(&all, STR_LIT("bob"), uuid(2), 200));
	assert_false(departed_add(&all, STR_LIT("alice"), uuid(3), 300));
	assert_null(departed_due(&all, 99));
	assert_string_equal(departed_due(&all, 100)->local, "alice");
	assert_memory_equal(departed_find(&all, STR_LIT("alice"))->uuid, uuid(1), UUID_SIZE);
	departed_drop(&all, departed_find(&all, STR_LIT("alice")));
	assert_null(departed_due(&all, 199));
	assert_string_equal(departed_due(&all, 1000)->local, "bob");
	departures_fini(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_is_found_by_both),
		cmocka_unit_test(the_first_of_a_name_has_it_until_it_goes),
		cmocka_unit_test(a_name_that_is_given_up_is_free),
		cmocka_unit_test(who_is_in_the_middle_of_a_name_s_chain_may_go),
		cmocka_unit_test(those_that_are_locked_are_not_active),
		cmocka_unit_test(those_that_are_going_and_held_are_counted),
		cmocka_unit_test(those_that_went_first_are_due_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
