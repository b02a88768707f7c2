/* Coroutines: they wait, go on, come to their end, and stay on their stacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/coroutine.h"
#include "base/err.h"

static struct coroutine_pool *pool;

static int begin(void **state)
{
	(void)state;
	pool = coroutine_pool_create(4);
	return 0;
}

static int end(void **state)
{
	(void)state;
	coroutine_pool_free(&pool);
	return pool != NULL;
}

struct count {
	int to, at, sum;
};

/* Waits after each number. */
static void count(void *arg)
{
	struct count *c = arg;

	for (c->at = 1; c->at <= c->to; c->at++) {
		c->sum += c->at;
		assert_ptr_equal(coroutine_argument(), c);
		coroutine_wait();
	}
}

static void runs_to_its_end_at_once(void **state)
{
	struct count c = {.to = 0, .sum = 7};
	struct coroutine *co = NULL;

	(void)state;
	assert_null(coroutine_argument());
	assert_int_equal(coroutine_start(pool, count, &c, &co), 0);
	assert_null(co);
	assert_null(coroutine_argument());
	assert_int_equal(c.sum, 7);
}

static void goes_on_where_it_waited(void **state)
{
	struct count c = {.to = 3};
	struct coroutine *co = NULL;

	(void)state;
	assert_int_equal(coroutine_start(pool, count, &c, &co), BH_EAGAIN);
	assert_int_equal(c.sum, 1);
	assert_null(coroutine_argument());
	assert_int_equal(coroutine_resume(&co), BH_EAGAIN);
	assert_int_equal(coroutine_resume(&co), BH_EAGAIN);
	assert_int_equal(c.sum, 6);
	assert_int_equal(coroutine_resume(&co), 0);
	assert_null(co);
}

static void many_wait_side_by_side_on_stacks_of_their_own(void **state)
{
	struct count c[4] = {{.to = 100}, {.to = 200}, {.to = 300}, {.to = 400}};
	struct coroutine *co[4] = {NULL};
	unsigned alive = 4;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(coroutine_start(pool, count, &c[i], &co[i]), BH_EAGAIN);
	while (alive > 0)
		for (unsigned i = 0; i < 4; i++)
			alive -= co[i] != NULL && coroutine_resume(&co[i]) == 0;
	for (int i = 0; i < 4; i++)
		assert_int_equal(c[i].sum, c[i].to * (c[i].to + 1) / 2);
}

static void there_are_so_many_stacks_and_no_more(void **state)
{
	struct count c[5] = {{.to = 1}, {.to = 1}, {.to = 1}, {.to = 1}, {.to = 1}};
	struct coroutine *co[5] = {NULL};

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(coroutine_start(pool, count, &c[i], &co[i]), BH_EAGAIN);
	assert_int_equal(coroutine_start(pool, count, &c[4], &co[4]), BH_EBUSY);
	assert_null(co[4]);
	assert_int_equal(c[4].sum, 0);
	assert_int_equal(coroutine_resume(&co[2]), 0);
	assert_int_equal(coroutine_start(pool, count, &c[4], &co[4]), BH_EAGAIN);
	for (unsigned i = 0; i < 5; i++)
		if (co[i] != NULL)
			assert_int_equal(coroutine_resume(&co[i]), 0);
}

static void more_than_are_kept_come_and_go(void **state)
{
	enum { N = 100 };
	struct coroutine_pool *large = coroutine_pool_create(N);
	struct count c[N];
	struct coroutine *co[N] = {NULL};

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < N; i++) {
			c[i] = (struct count){.to = 1};
			assert_int_equal(coroutine_start(large, count, &c[i], &co[i]), BH_EAGAIN);
		}
		for (unsigned i = 0; i < N; i++)
			assert_int_equal(coroutine_resume(&co[i]), 0);
	}
	coroutine_pool_free(&large);
}

/* Uses about so many bytes of stack, in a way that the compiler keeps. */
static __attribute__((noinline)) int dig(int bytes)
{
	volatile char here[1024];

	memset((char *)(uintptr_t)here, 1, sizeof here);
	return (bytes > 1024 ? dig(bytes - 1024) : 0) + here[bytes % 1024];
}

static void dig_deep(void *arg)
{
	*(int *)arg = dig(*(int *)arg);
}

static void how_deep_it_was_is_known(void **state)
{
	int bytes = 20 * 1024;
	struct coroutine *co = NULL;

	(void)state;
	assert_int_equal(coroutine_deepest(pool), 0);
	assert_int_equal(coroutine_start(pool, dig_deep, &bytes, &co), 0);
	assert_in_range(coroutine_deepest(pool), 20 * 1024, 60 * 1024);
}

static void a_stack_that_is_too_small_ends_the_process(void **state)
{
	const struct rlimit none = {0, 0};
	int bytes = 128 * 1024, status;
	struct coroutine *co = NULL;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGSEGV, SIG_DFL);
		close(STDERR_FILENO);
		coroutine_start(pool, dig_deep, &bytes, &co);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(runs_to_its_end_at_once),
		T(goes_on_where_it_waited),
		T(many_wait_side_by_side_on_stacks_of_their_own),
		T(there_are_so_many_stacks_and_no_more),
		T(more_than_are_kept_come_and_go),
		T(how_deep_it_was_is_known),
		T(a_stack_that_is_too_small_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
