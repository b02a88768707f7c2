/* lib/daemon/counter and association: lists there and back, and what is no list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/rand.h"
#include "daemon/association.h"
#include "daemon/counter.h"

/* The first of that name among all that are enrolled. */
static bool find(const char *name, struct buf *list, struct counted *out)
{
	struct str rest;

	buf_clear(list);
	counter_list(list);
	rest = buf_str(list);
	while (counter_take(&rest, out))
		if (str_is(out->name, name))
			return true;
	assert_int_equal(rest.len, 0);
	return false;
}

static void counters_are_listed_after_they_enrolled_with_what_they_are(void **state)
{
	static struct counter table[] = {
		{.name = "stanzas_in", .about = "What comes"},
		{.name = "open", .about = "What is open", .kind = GAUGE},
		{.name = NULL},
	};
	struct buf list = BUF_INIT;
	struct counted c;

	(void)state;
	assert_false(find("stanzas_in", &list, &c));
	counter_enrol(table);
	table[0].value = UINT64_MAX;
	table[1].value = 7;
	assert_true(find("stanzas_in", &list, &c));
	assert_true(c.value == UINT64_MAX && c.kind == COUNTER && str_is(c.about, "What comes"));
	assert_true(find("open", &list, &c));
	assert_true(c.value == 7 && c.kind == GAUGE && str_is(c.about, "What is open"));
	buf_fini(&list);
}

static const char *const names[] = {"example.org", "with \"quotes\"", "back\\slash"};

static void put_names(void *arg, struct buf *out)
{
	struct counter c = {.name = "expires", .kind = GAUGE_TIME};

	for (size_t i = 0; i < 3; i++) {
		c.value = i + 1;
		counter_put(out, &c, arg, names[i]);
	}
}

static void a_source_puts_its_own_with_labels_whose_values_are_escaped(void **state)
{
	struct counter_source source = {.look = put_names, .arg = "domain"};
	struct buf list = BUF_INIT;
	struct counted c;

	(void)state;
	counter_enrol_source(&source);
	assert_true(find("expires{domain=\"example.org\"}", &list, &c));
	assert_true(find("expires{domain=\"with \\\"quotes\\\"\"}", &list, &c));
	assert_true(find("expires{domain=\"back\\\\slash\"}", &list, &c));
	assert_true(c.value == 3 && c.kind == GAUGE_TIME && c.about.len == 0);
	counter_forget_source(&source);
	assert_false(find("expires{domain=\"example.org\"}", &list, &c));
	buf_fini(&list);
}

static void put_many(void *arg, struct buf *out)
{
	struct counter c = {.name = "many", .about = "An explanation that is as long as some are"};

	(void)arg;
	for (int i = 0; i < 10000; i++)
		counter_put(out, &c, "domain", "a.rather.long.name.example.org");
}

static void a_list_is_never_larger_than_its_message_may_be(void **state)
{
	struct counter_source source = {.look = put_many};
	struct buf list = BUF_INIT, frame = BUF_INIT;
	struct msg_stats m;

	(void)state;
	counter_enrol_source(&source);
	counter_list(&list);
	assert_in_range(list.len, BUS_COUNTERS_MAX - 200, BUS_COUNTERS_MAX);
	m.counters = buf_str(&list);
	assert_int_equal(bus_put_stats(&frame, 0, &m), 0);
	counter_forget_source(&source);
	buf_fini(&frame);
	buf_fini(&list);
}

static void a_value_is_shown_as_people_read_it(void **state)
{
	static const struct {
		struct counted c;
		const char *text;
	} cases[] = {
		{{.kind = COUNTER, .value = 12}, "12"},
		{{.kind = GAUGE, .value = UINT64_MAX}, "18446744073709551615"},
		{{.kind = COUNTER_MS, .value = 61007}, "61.007"},
		{{.kind = GAUGE_TIME, .value = 1795853956}, "2026-11-28T08:19:16Z"},
		{{.kind = GAUGE_TIME, .value = 0}, "never"},
		{{.kind = GAUGE_CLOCK, .value = 0}, "never"},
	};
	char text[COUNTED_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		counted_text(&cases[i].c, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void a_moment_of_the_clock_is_a_time_of_day(void **state)
{
	struct counted c = {.kind = GAUGE_CLOCK, .value = clock_ms() - 90000};
	uint64_t wall = clock_wall_us() / 1000;

	(void)state;
	assert_in_range(counted_wall_ms(&c), wall - 90100, wall - 89900);
	assert_true(counted_wall_ms(&c) == counted_wall_ms(&c)); /* and the same each time */
}

static void what_is_no_list_of_counters_ends_it(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		{"", 0},
		{"\0\0\0\1a", 5},
		{"\0\0\0\1a\0\0\0\1" "9\0\0\0\1" "1\0\0\0\1x", 20}, /* a kind that there is not */
		{"\0\0\0\1a\0\0\0\1" "0\0\0\0\1" "-\0\0\0\1x", 20},
		{"\0\0\0\1a\0\0\0\1" "0\0\0\0\0\0\0\0\1x", 19},
		{"\0\0\0\1a\0\0\0\1" "0\0\0\0\1" "1\0\0\0\2x", 20},
		{"\xff\xff\xff\xff", 4},
	};
	struct counted c;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str list = str_make(cases[i].bytes, cases[i].len);

		assert_false(counter_take(&list, &c));
	}
}

static void associations_come_back_as_they_were(void **state)
{
	static const struct association given[] = {
		{1, ASSOCIATION_IN, 5, {"192.0.2.1", 9}},
		{UINT64_MAX, ASSOCIATION_OUT, UINT64_MAX, {"example.org", 11}},
		{7, ASSOCIATION_IN, 0, {"", 0}},
	};
	struct associations all = {BUF_INIT, 0};
	struct association a;
	struct str list;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_true(association_put(&all, &given[i]));
	list = buf_str(&all.list);
	for (size_t i = 0; i < 3; i++) {
		assert_true(association_take(&list, &a));
		assert_true(a.id == given[i].id && a.way == given[i].way && a.began_ms == given[i].began_ms);
		assert_true(str_eq(a.remote, given[i].remote));
	}
	assert_false(association_take(&list, &a));
	buf_fini(&all.list);
}

static void a_list_of_associations_has_an_end(void **state)
{
	struct association a = {.id = 1, .way = ASSOCIATION_IN, .remote = STR_LIT("192.0.2.1")};
	struct associations all = {BUF_INIT, 0};
	char longest[1023];

	(void)state;
	while (association_put(&all, &a))
		a.id++;
	assert_int_equal(a.id - 1, ASSOCIATIONS_MAX);
	buf_fini(&all.list);
	all.n = 0;
	memset(longest, 'a', sizeof longest);
	a.remote = str_make(longest, sizeof longest);
	while (association_put(&all, &a))
		a.id++;
	assert_in_range(all.list.len, 1000000, 1048576);
	buf_fini(&all.list);
}

static void random_bytes_never_crash_a_reader(void **state)
{
	uint8_t bytes[300];
	struct association a;
	struct counted c;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct str list = str_make(bytes, rand_u64() % sizeof bytes), again = list;

		rand_bytes(bytes, sizeof bytes);
		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] = i % 5 < 3 ? 0 : bytes[i] % 24;
		while (counter_take(&list, &c))
			;
		while (association_take(&again, &a))
			;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_are_listed_after_they_enrolled_with_what_they_are),
		cmocka_unit_test(a_source_puts_its_own_with_labels_whose_values_are_escaped),
		cmocka_unit_test(a_list_is_never_larger_than_its_message_may_be),
		cmocka_unit_test(a_value_is_shown_as_people_read_it),
		cmocka_unit_test(a_moment_of_the_clock_is_a_time_of_day),
		cmocka_unit_test(what_is_no_list_of_counters_ends_it),
		cmocka_unit_test(associations_come_back_as_they_were),
		cmocka_unit_test(a_list_of_associations_has_an_end),
		cmocka_unit_test(random_bytes_never_crash_a_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
