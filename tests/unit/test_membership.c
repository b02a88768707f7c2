/* Who is in which group, and which groups a change reaches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/list.h"
#include "dirsyncd/membership.h"

enum { PEOPLE = 8, GROUPS = 8, LARGE = 10000, CHAIN = 100000 };

static struct membership *m;
static struct member_person people[PEOPLE];
static struct member_group groups[GROUPS];
static char touched[256], found[256];

static void note(char *text, char kind, size_t i)
{
	snprintf(text + strlen(text), 256 - strlen(text), "%s%c%zu", *text != '\0' ? " " : "", kind, i);
}

static void on_touched(void *arg, struct member_group *g)
{
	(void)arg;
	note(touched, 'g', (size_t)(g - groups));
}

static int setup(void **state)
{
	(void)state;
	memset(people, 0, sizeof people);
	memset(groups, 0, sizeof groups);
	m = membership_create(on_touched, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < PEOPLE; i++)
		membership_drop_person(m, &people[i]);
	for (size_t i = 0; i < GROUPS; i++)
		membership_drop_group(m, &groups[i]);
	membership_free(&m);
	return 0;
}

/* "p1", "g1", "dn5"; "u1": the account with the user name u1. */
static void digest_of(const char *name, uint8_t out[DN_DIGEST_SIZE])
{
	char dn[32];

	snprintf(dn, sizeof dn, "cn=%s", name);
	if (*name == 'u')
		membership_user(str_of(name), out);
	else
		assert_int_equal(dn_digest(str_of(dn), out), 0);
}

static void person_as(size_t i, const char *dn, const char *user)
{
	uint8_t digest[DN_DIGEST_SIZE];

	digest_of(dn, digest);
	*touched = '\0';
	membership_put_person(m, &people[i], digest, str_of(user));
}

static void person(size_t i)
{
	char dn[16], user[16];

	snprintf(dn, sizeof dn, "p%zu", i);
	snprintf(user, sizeof user, "u%zu", i);
	person_as(i, dn, user);
}

/* members: "p1 g2 u3". */
static void group_as(size_t i, const char *dn, const char *members)
{
	uint8_t list[16 * DN_DIGEST_SIZE], digest[DN_DIGEST_SIZE];
	char text[128], *rest = text, *one;
	size_t n = 0;

	snprintf(text, sizeof text, "%s", members);
	while ((one = strtok_r(rest, " ", &rest)) != NULL)
		digest_of(one, list + n++ * DN_DIGEST_SIZE);
	digest_of(dn, digest);
	*touched = '\0';
	assert_int_equal(membership_put_group(m, &groups[i], digest, (struct member_list){list, n}), 0);
}

static void group(size_t i, const char *members)
{
	char dn[16];

	snprintf(dn, sizeof dn, "g%zu", i);
	group_as(i, dn, members);
}

static void on_found(void *arg, struct member_person *p)
{
	size_t *seen = arg;

	seen[p - people]++;
}

/* Those in the group, in the order of their numbers, which does not depend on how they were found. */
static const char *in_group(size_t i)
{
	size_t seen[PEOPLE] = {0};

	*found = '\0';
	assert_true(membership_each(m, &groups[i], PEOPLE, on_found, seen));
	for (size_t k = 0; k < PEOPLE; k++) {
		assert_true(seen[k] <= 1);
		if (seen[k] == 1)
			note(found, 'p', k);
	}
	return found;
}

static void a_group_has_the_accounts_that_it_names(void **state)
{
	(void)state;
	person(0), person(1), person(2);
	group(0, "p0 p2");
	assert_string_equal(in_group(0), "p0 p2");
	group(1, "");
	assert_string_equal(in_group(1), "");
}

static void accounts_are_also_known_by_their_user_names(void **state)
{
	(void)state;
	person(0), person(1);
	group(0, "u1 p1 p0");
	assert_string_equal(in_group(0), "p0 p1");
}

static void who_is_not_there_comes_in_later(void **state)
{
	(void)state;
	group(0, "p0 p1 u2 dn7");
	person(1);
	assert_string_equal(touched, "g0");
	assert_string_equal(in_group(0), "p1");
	person(2);
	assert_string_equal(touched, "g0");
	assert_string_equal(in_group(0), "p1 p2");
	person(3);
	assert_string_equal(touched, "");
}

static void who_is_gone_is_in_no_group(void **state)
{
	(void)state;
	person(0), person(1);
	group(0, "p0 p1");
	*touched = '\0';
	membership_drop_person(m, &people[0]);
	assert_string_equal(touched, "g0");
	assert_string_equal(in_group(0), "p1");
	*touched = '\0';
	membership_drop_person(m, &people[0]);
	assert_string_equal(touched, "");
}

static void who_gets_another_name_is_where_that_one_is_named(void **state)
{
	(void)state;
	person(0);
	group(0, "p0"), group(1, "dn9"), group(2, "u0"), group(3, "u9");
	person_as(0, "dn9", "u9");
	assert_string_equal(in_group(0), "");
	assert_string_equal(in_group(1), "p0");
	assert_string_equal(in_group(2), "");
	assert_string_equal(in_group(3), "p0");
	for (const char *g = "g0\0g1\0g2\0g3\0"; *g != '\0'; g += 3)
		assert_non_null(strstr(touched, g));
}

/* In a refresh the news come in any order: two have the same name for a while. */
static void two_of_the_same_name_do_not_hide_each_other_for_ever(void **state)
{
	(void)state;
	group(0, "p0");
	person_as(0, "p0", "u0");
	person_as(1, "p0", "u1");
	membership_drop_person(m, &people[0]);
	assert_string_equal(in_group(0), "p1");
	person_as(2, "p0", "u2");
	membership_drop_person(m, &people[2]);
	assert_string_equal(in_group(0), "p1");
}

static void groups_may_contain_groups(void **state)
{
	(void)state;
	person(0), person(1), person(2);
	group(0, "p0 g1"), group(1, "p1 g2"), group(2, "p2");
	assert_string_equal(in_group(0), "p0 p1 p2");
	assert_string_equal(in_group(1), "p1 p2");
	group(2, "p2 p0");
	assert_string_equal(touched, "g2 g1 g0");
	assert_string_equal(in_group(1), "p0 p1 p2");
}

static void a_group_that_comes_later_counts_then(void **state)
{
	(void)state;
	person(0);
	group(0, "g1");
	assert_string_equal(in_group(0), "");
	group(1, "p0");
	assert_string_equal(touched, "g1 g0");
	assert_string_equal(in_group(0), "p0");
	*touched = '\0';
	membership_drop_group(m, &groups[1]);
	assert_string_equal(touched, "g1 g0");
	assert_string_equal(in_group(0), "");
}

static void a_group_that_gets_another_name_is_no_longer_where_the_old_one_is_named(void **state)
{
	(void)state;
	person(0);
	group(0, "g1"), group(1, "p0"), group(2, "dn9");
	group_as(1, "dn9", "p0");
	assert_string_equal(in_group(0), "");
	assert_string_equal(in_group(2), "p0");
	assert_non_null(strstr(touched, "g2"));
}

static void circles_end(void **state)
{
	(void)state;
	person(0), person(1), person(2), person(3);
	group(0, "p0 g1"), group(1, "p1 g2"), group(2, "p2 g0"), group(3, "g3 p3 g0");
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(in_group(i), "p0 p1 p2");
	assert_string_equal(in_group(3), "p0 p1 p2 p3");
	*touched = '\0';
	membership_drop_person(m, &people[2]);
	assert_int_equal(strlen(touched), strlen("g0 g1 g2 g3"));
}

static void who_is_there_by_two_ways_counts_once(void **state)
{
	(void)state;
	person(0), person(1);
	group(0, "g1 g2 p0"), group(1, "g3 p1"), group(2, "g3 p1 p1"), group(3, "p0");
	assert_string_equal(in_group(0), "p0 p1");
	person(0);
	assert_int_equal(strlen(touched), strlen("g0 g1 g2 g3"));
}

static void a_change_reaches_only_groups_that_contain_it(void **state)
{
	(void)state;
	person(0), person(1);
	group(0, "p0"), group(1, "p1"), group(2, "g1"), group(3, "");
	person(1);
	assert_string_equal(touched, "g1 g2");
	group(3, "p0");
	assert_string_equal(touched, "g3");
}

static void the_groups_of_an_account_are_those_that_contain_it(void **state)
{
	(void)state;
	person(0), person(1);
	group(0, "u0"), group(1, "g0"), group(2, "p1 g1"), group(3, "p1");
	*touched = '\0';
	membership_groups(m, &people[0], on_touched, NULL);
	assert_string_equal(touched, "g0 g1 g2");
	membership_drop_person(m, &people[0]);
	*touched = '\0';
	membership_groups(m, &people[0], on_touched, NULL);
	assert_string_equal(touched, "");
}

static void who_is_in_a_group_is_so_by_its_list_or_by_way_of_another(void **state)
{
	(void)state;
	person(0);
	group(0, "u0"), group(1, "g0"), group(2, "g1 p0"), group(3, "g1"), group(1, "g0 g3");
	membership_groups(m, &people[0], on_touched, NULL);
	assert_null(groups[0].via);
	assert_ptr_equal(groups[1].via, &groups[0]);
	assert_null(groups[2].via);
	assert_ptr_equal(groups[3].via, &groups[1]);
}

static void it_stops_at_the_most_that_is_wanted(void **state)
{
	size_t seen[PEOPLE] = {0}, n = 0;

	(void)state;
	person(0), person(1), person(2);
	group(0, "p0 p1 p2");
	assert_true(membership_each(m, &groups[0], 3, on_found, seen));
	memset(seen, 0, sizeof seen);
	assert_false(membership_each(m, &groups[0], 2, on_found, seen));
	for (size_t i = 0; i < PEOPLE; i++)
		n += seen[i];
	assert_int_equal(n, 2);
}

/* ---- sizes --------------------------------------------------------------------------------- */

static void numbered(const char *kind, size_t i, uint8_t out[DN_DIGEST_SIZE])
{
	char dn[32];

	snprintf(dn, sizeof dn, "cn=%s%zu", kind, i);
	assert_int_equal(dn_digest(str_of(dn), out), 0);
}

static void count(void *arg, struct member_person *p)
{
	(void)p;
	++*(size_t *)arg;
}

static void ignore(void *arg, struct member_group *g)
{
	(void)g;
	++*(size_t *)arg;
}

static void ten_thousand_members_are_no_trouble(void **state)
{
	struct member_person *many = calloc(LARGE, sizeof *many);
	uint8_t *list = calloc(LARGE, DN_DIGEST_SIZE), dn[DN_DIGEST_SIZE];
	struct member_group g = {0};
	size_t n = 0, changes = 0;
	struct membership *large = membership_create(ignore, &changes);
	uint64_t began = clock_ms();

	(void)state;
	for (size_t i = 0; i < LARGE; i++)
		numbered("p", i, list + i * DN_DIGEST_SIZE);
	numbered("g", 0, dn);
	assert_int_equal(membership_put_group(large, &g, dn, (struct member_list){list, LARGE}), 0);
	for (size_t i = 0; i < LARGE; i++)
		membership_put_person(large, &many[i], list + i * DN_DIGEST_SIZE, STR_LIT("u"));
	assert_int_equal(changes, 1 + LARGE);
	assert_true(membership_each(large, &g, LARGE, count, &n));
	assert_int_equal(n, LARGE);
	for (size_t i = 0; i < LARGE; i++)
		membership_drop_person(large, &many[i]);
	membership_drop_group(large, &g);
	membership_free(&large);
	assert_true(clock_ms() - began < 10000);
	free(list);
	free(many);
}

/* Each is in the one before; the last has an account.  Nothing here is recursive. */
static void a_chain_of_any_length_is_followed(void **state)
{
	struct member_group *chain = calloc(CHAIN, sizeof *chain);
	struct member_person last = {.seen = 0};
	uint8_t dn[DN_DIGEST_SIZE], next[DN_DIGEST_SIZE];
	size_t n = 0, changes = 0;
	struct membership *deep = membership_create(ignore, &changes);

	(void)state;
	for (size_t i = CHAIN; i-- > 0;) { /* from below: nobody is above yet */
		numbered("n", i, dn);
		numbered("n", i + 1, next);
		assert_int_equal(membership_put_group(deep, &chain[i], dn, (struct member_list){next, 1}), 0);
	}
	assert_int_equal(changes, CHAIN);
	numbered("n", CHAIN, dn);
	membership_put_person(deep, &last, dn, STR_LIT("u"));
	assert_int_equal(changes, 2 * CHAIN);
	assert_true(membership_each(deep, &chain[0], 1, count, &n));
	assert_int_equal(n, 1);
	membership_drop_person(deep, &last);
	for (size_t i = 0; i < CHAIN; i++)
		membership_drop_group(deep, &chain[i]);
	membership_free(&deep);
	free(chain);
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(a_group_has_the_accounts_that_it_names),
		TEST(accounts_are_also_known_by_their_user_names),
		TEST(who_is_not_there_comes_in_later),
		TEST(who_is_gone_is_in_no_group),
		TEST(who_gets_another_name_is_where_that_one_is_named),
		TEST(two_of_the_same_name_do_not_hide_each_other_for_ever),
		TEST(groups_may_contain_groups),
		TEST(a_group_that_comes_later_counts_then),
		TEST(a_group_that_gets_another_name_is_no_longer_where_the_old_one_is_named),
		TEST(circles_end),
		TEST(who_is_there_by_two_ways_counts_once),
		TEST(a_change_reaches_only_groups_that_contain_it),
		TEST(the_groups_of_an_account_are_those_that_contain_it),
		TEST(who_is_in_a_group_is_so_by_its_list_or_by_way_of_another),
		TEST(it_stops_at_the_most_that_is_wanted),
		cmocka_unit_test(ten_thousand_members_are_no_trouble),
		cmocka_unit_test(a_chain_of_any_length_is_followed),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
