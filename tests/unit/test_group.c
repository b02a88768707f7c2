/* What is read of groups' entries, where no slapd would say it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bus/textlist.h"
#include "directory/entry_private.h"
#include "dirsyncd/group.h"

enum { VALUES_MAX = 8 };

static struct direntry entry;
static struct berval values[VALUES_MAX], *lists[VALUES_MAX][VALUES_MAX + 1];
static unsigned nvalues;
static struct group_source source;
static struct buf record;
static struct group_record found;

static int setup(void **state)
{
	(void)state;
	memset(lists, 0, sizeof lists);
	nvalues = 0;
	entry = (struct direntry){.dn = "cn=team,dc=example"};
	source = (struct group_source){.name = "cn", .schema = group_schema_find("openldap")};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_fini(&record);
	return 0;
}

/* An attribute and its only value. */
static void has(const char *attribute, const char *value)
{
	values[nvalues] = (struct berval){strlen(value), (char *)value};
	lists[nvalues][0] = &values[nvalues];
	entry.of[entry.n].name = (char *)attribute;
	entry.of[entry.n].count = 1;
	entry.of[entry.n++].values = lists[nvalues++];
}

static void read_it(void)
{
	buf_clear(&record);
	group_read(&source, &entry, &record);
	assert_true(group_take(buf_str(&record), &found));
}

static const char *complaint(void)
{
	static char text[512];
	struct str rest = found.entry.complaints, one;

	*text = '\0';
	while (textlist_take(&rest, &one))
		snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s\n", STR_FMT(one));
	return text;
}

static void members_of_every_sort_are_one_list(void **state)
{
	uint8_t wanted[3 * DN_DIGEST_SIZE];

	(void)state;
	has("CN", "team"), has("member", "uid=ann,dc=example"), has("uniquemember", "uid=bob,dc=example#'01'B"),
		has("memberUid", "Carol");
	read_it();
	assert_int_equal(dn_digest(STR_LIT("uid=ann,dc=example"), wanted), 0);
	assert_int_equal(dn_digest(STR_LIT("uid=bob,dc=example"), wanted + DN_DIGEST_SIZE), 0);
	membership_user(STR_LIT("carol"), wanted + 2 * DN_DIGEST_SIZE);
	assert_true(str_is(found.name, "team"));
	assert_true(str_eq(found.members, str_make(wanted, sizeof wanted)));
	assert_false(found.cut);
	assert_string_equal(complaint(), "");
}

static void values_that_name_nobody_are_left_out(void **state)
{
	(void)state;
	has("cn", "team"), has("member", "ann"), has("uniqueMember", "#'01'B"), has("memberUid", "a@b");
	read_it();
	assert_int_equal(found.members.len, 0);
	assert_false(found.cut);
	assert_string_equal(complaint(), "member: there are values that nobody can be called\n"
		"uniqueMember: there are values that nobody can be called\nmemberUid: there are values that nobody can be called\n");
}

/* Active Directory, with more than 1,500 members. */
static void a_part_of_the_members_is_as_good_as_nothing(void **state)
{
	(void)state;
	source.schema = group_schema_find("ad");
	has("cn", "team"), has("Member;range=0-1499", "uid=ann,dc=example");
	read_it();
	assert_true(found.cut);
	assert_int_equal(found.members.len, 0);
	assert_string_equal(complaint(),
		"member: the directory gives some of its values only (range=...): the group is not used\n");
}

static void a_group_without_a_name_is_complained_of(void **state)
{
	(void)state;
	has("cn", "a\x01"), has("member", "uid=ann,dc=example");
	read_it();
	assert_int_equal(found.name.len, 0);
	assert_int_equal(found.members.len, DN_DIGEST_SIZE);
	assert_string_equal(complaint(), "cn: it is no text in UTF-8, or has control characters\n"
		"cn: it has no name by which it could be shown\n");
}

static void the_same_entry_makes_the_same_record(void **state)
{
	uint8_t digest[DN_DIGEST_SIZE];

	(void)state;
	has("cn", "team"), has("member", "uid=ann,dc=example");
	read_it();
	memcpy(digest, found.entry.digest, sizeof digest);
	read_it();
	assert_memory_equal(digest, found.entry.digest, sizeof digest);
	has("memberUid", "bob");
	read_it();
	assert_memory_not_equal(digest, found.entry.digest, sizeof digest);
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(members_of_every_sort_are_one_list),
		TEST(values_that_name_nobody_are_left_out),
		TEST(a_part_of_the_members_is_as_good_as_nothing),
		TEST(a_group_without_a_name_is_complained_of),
		TEST(the_same_entry_makes_the_same_record),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
