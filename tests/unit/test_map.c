/* The hash map. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/list.h"
#include "base/map.h"

enum { MANY = 5000 };

struct item {
	struct map_node node;
	uint32_t key;
	unsigned seen;
	bool in;
};

static void add(struct map *m, struct item *item, uint32_t key)
{
	item->key = key;
	item->in = true;
	assert_int_equal(map_add(m, &item->node, &item->key, sizeof item->key), 0);
}

static struct item *find(const struct map *m, uint32_t key)
{
	struct map_node *n = map_find(m, &key, sizeof key);

	return n != NULL ? container_of(n, struct item, node) : NULL;
}

static void an_empty_map_finds_nothing(void **state)
{
	struct map m = MAP_INIT;
	struct map_walk walk;

	(void)state;
	assert_null(find(&m, 1));
	map_walk_start(&walk, &m);
	assert_null(map_walk_next(&walk));
	map_fini(&m);
}

static void finds_all_at_every_size(void **state)
{
	struct item *items = calloc(MANY, sizeof *items);
	struct map m = MAP_INIT;

	(void)state;
	assert_non_null(items);
	for (uint32_t i = 0; i < MANY; i++) {
		add(&m, &items[i], i);
		assert_int_equal(m.count, i + 1);
		for (uint32_t j = i > 40 ? i - 40 : 0; j <= i; j++)
			assert_ptr_equal(find(&m, j), &items[j]);
		assert_null(find(&m, i + 1));
	}
	for (uint32_t i = 0; i < MANY; i++)
		assert_ptr_equal(find(&m, i), &items[i]);
	map_fini(&m);
	free(items);
}

/* Each is seen once, in whatever state of growing the map is. */
static void a_walk_sees_each_once(void **state)
{
	struct item *items = calloc(MANY, sizeof *items);
	struct map m = MAP_INIT;
	struct map_walk walk;
	struct map_node *n;

	(void)state;
	assert_non_null(items);
	for (uint32_t i = 0; i < 200; i++) {
		add(&m, &items[i], i);
		map_walk_start(&walk, &m);
		while ((n = map_walk_next(&walk)) != NULL)
			container_of(n, struct item, node)->seen++;
		for (uint32_t j = 0; j <= i; j++)
			assert_int_equal(items[j].seen, i + 1 - j);
	}
	map_fini(&m);
	free(items);
}

static void what_a_walk_returned_may_be_removed(void **state)
{
	struct item *items = calloc(MANY, sizeof *items);
	struct map m = MAP_INIT;
	struct map_walk walk;
	struct map_node *n;
	size_t seen = 0;

	(void)state;
	assert_non_null(items);
	for (uint32_t i = 0; i < 1000; i++)
		add(&m, &items[i], i);
	map_walk_start(&walk, &m);
	for (; (n = map_walk_next(&walk)) != NULL; seen++)
		if (container_of(n, struct item, node)->key % 2 == 0)
			map_remove(&m, n);
	assert_int_equal(seen, 1000);
	assert_int_equal(m.count, 500);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(find(&m, i) != NULL, i % 2 == 1);
	map_fini(&m);
	free(items);
}

static void survives_adding_and_removing_at_random(void **state)
{
	struct item *items = calloc(MANY, sizeof *items);
	struct map m = MAP_INIT;
	size_t count = 0;

	(void)state;
	assert_non_null(items);
	srand(7);
	for (int round = 0; round < 60000; round++) {
		uint32_t i = (uint32_t)rand() % (uint32_t)(1 + round / 12);

		assert_int_equal(find(&m, i) != NULL, items[i].in);
		if (items[i].in) {
			map_remove(&m, &items[i].node);
			items[i].in = false;
			count--;
		} else {
			add(&m, &items[i], i);
			count++;
		}
		assert_int_equal(m.count, count);
	}
	map_fini(&m);
	free(items);
}

/* Each takes its neighbours with it, which a walk that looks ahead would go to next. */
static void a_map_may_be_emptied_by_nodes_that_take_others_with_them(void **state)
{
	struct item *items = calloc(MANY, sizeof *items);
	struct map m = MAP_INIT;
	struct map_walk walk;
	struct map_node *n;

	(void)state;
	assert_non_null(items);
	for (uint32_t i = 0; i < MANY; i++)
		add(&m, &items[i], i);
	map_walk_start(&walk, &m);
	while ((n = map_walk_any(&walk)) != NULL) {
		struct item *item = container_of(n, struct item, node);
		struct item *next = n->next != NULL ? container_of(n->next, struct item, node) : NULL;
		struct item *other = find(&m, (item->key + 1) % MANY);

		assert_true(item->in);
		item->in = false;
		map_remove(&m, n);
		for (unsigned i = 0; i < 2; i++, next = other)
			if (next != NULL && next->in) {
				next->in = false;
				map_remove(&m, &next->node);
			}
	}
	assert_int_equal(m.count, 0);
	map_fini(&m);
	free(items);
}

static void keys_are_bytes_with_a_length(void **state)
{
	struct map_node a = {0}, b = {0}, empty = {0};
	struct map m = MAP_INIT;

	(void)state;
	assert_int_equal(map_add(&m, &a, "x\0y", 3), 0);
	assert_int_equal(map_add(&m, &b, "x", 1), 0);
	assert_int_equal(map_add(&m, &empty, "", 0), 0);
	assert_ptr_equal(map_find(&m, "x\0y", 3), &a);
	assert_ptr_equal(map_find(&m, "x", 1), &b);
	assert_ptr_equal(map_find(&m, "", 0), &empty);
	assert_null(map_find(&m, "x\0z", 3));
	assert_null(map_find(&m, "x\0", 2));
	map_fini(&m);
}

static void several_may_have_one_key(void **state)
{
	struct map_node a = {0}, b = {0}, c = {0};
	struct map m = MAP_INIT;

	(void)state;
	assert_int_equal(map_add(&m, &a, "x", 1), 0);
	assert_int_equal(map_add(&m, &b, "x", 1), 0);
	assert_int_equal(map_add(&m, &c, "x", 1), 0);
	map_remove(&m, &b);
	assert_true(map_find(&m, "x", 1) == &a || map_find(&m, "x", 1) == &c);
	map_remove(&m, &c);
	assert_ptr_equal(map_find(&m, "x", 1), &a);
	map_remove(&m, &a);
	assert_null(map_find(&m, "x", 1));
	assert_int_equal(m.count, 0);
	map_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_map_finds_nothing),
		cmocka_unit_test(finds_all_at_every_size),
		cmocka_unit_test(a_walk_sees_each_once),
		cmocka_unit_test(what_a_walk_returned_may_be_removed),
		cmocka_unit_test(a_map_may_be_emptied_by_nodes_that_take_others_with_them),
		cmocka_unit_test(survives_adding_and_removing_at_random),
		cmocka_unit_test(keys_are_bytes_with_a_length),
		cmocka_unit_test(several_may_have_one_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
