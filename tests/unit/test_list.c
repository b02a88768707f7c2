/* Intrusive lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/list.h"

struct item {
	char name;
	struct list link;
};

static struct item a, b, c;

static int setup(void **state)
{
	(void)state;
	a.name = 'a';
	b.name = 'b';
	c.name = 'c';
	list_init(&a.link);
	list_init(&b.link);
	list_init(&c.link);
	return 0;
}

/* The names in order, forwards and backwards. */
static void assert_order(const struct list *head, const char *expected)
{
	size_t n = 0;

	for (const struct list *pos = head->next; pos != head; pos = pos->next)
		assert_int_equal(container_of(pos, struct item, link)->name, expected[n++]);
	assert_int_equal(expected[n], '\0');
	for (const struct list *pos = head->prev; pos != head; pos = pos->prev)
		assert_int_equal(container_of(pos, struct item, link)->name, expected[--n]);
	assert_int_equal(n, 0);
}

static void appends_and_prepends(void **state)
{
	struct list head;

	(void)state;
	list_init(&head);
	assert_true(list_empty(&head));
	assert_order(&head, "");
	list_append(&head, &b.link);
	list_append(&head, &c.link);
	list_prepend(&head, &a.link);
	assert_false(list_empty(&head));
	assert_order(&head, "abc");
}

static void removes_once_and_again(void **state)
{
	struct list head;

	(void)state;
	list_init(&head);
	list_append(&head, &a.link);
	list_append(&head, &b.link);
	list_append(&head, &c.link);
	list_remove(&b.link);
	assert_order(&head, "ac");
	list_remove(&b.link);
	assert_order(&head, "ac");
	list_insert_before(&c.link, &b.link);
	assert_order(&head, "abc");
}

static void splices_all_to_the_end(void **state)
{
	struct list to, from;

	(void)state;
	list_init(&to);
	list_init(&from);
	list_splice(&to, &from);
	assert_true(list_empty(&to));
	list_append(&from, &a.link);
	list_append(&from, &b.link);
	list_splice(&to, &from);
	assert_order(&to, "ab");
	assert_true(list_empty(&from));
	list_append(&from, &c.link);
	list_splice(&to, &from);
	assert_order(&to, "abc");
}

static void a_safe_loop_may_remove(void **state)
{
	struct list head;
	unsigned n = 0;

	(void)state;
	list_init(&head);
	list_append(&head, &a.link);
	list_append(&head, &b.link);
	list_append(&head, &c.link);
	list_for_each_safe(pos, &head) {
		if (pos != &b.link)
			list_remove(pos);
		n++;
	}
	assert_int_equal(n, 3);
	assert_order(&head, "b");
	list_for_each(pos, &head)
		assert_ptr_equal(pos, &b.link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(appends_and_prepends, setup),
		cmocka_unit_test_setup(removes_once_and_again, setup),
		cmocka_unit_test_setup(splices_all_to_the_end, setup),
		cmocka_unit_test_setup(a_safe_loop_may_remove, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
