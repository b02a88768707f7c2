/* Coroutines by ucontext, on stacks of a pool. */
#include "base/coroutine.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "base/alloc.h"
#include "base/err.h"

enum {
	GUARD = 4096,
	/* So many stay for those who come next; the others are given back. */
	KEPT = 64,
};

struct coroutine {
	ucontext_t here, back; /* where it goes on, and who had it run */
	struct coroutine_pool *pool;
	struct coroutine *next; /* of the free ones */
	uint8_t *stack;
	void (*fn)(void *arg);
	void *arg;
	bool done;
	void *fake_stack; /* AddressSanitizer's */
	const void *back_stack;
	size_t back_size;
};

struct coroutine_pool {
	struct coroutine *free;
	unsigned max, taken, kept;
};

static _Thread_local struct coroutine *running;

/* AddressSanitizer must know which stack is in use: it is told before each switch and after. */
#ifdef BULKHEAD_SANITIZE
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

static void before_switch(void **fake, const void *to, size_t size)
{
	__sanitizer_start_switch_fiber(fake, to, size);
}

static void after_switch(void *fake, const void **from, size_t *size)
{
	__sanitizer_finish_switch_fiber(fake, from, size);
}

static void forget_stack(void *p, size_t n)
{
	__asan_unpoison_memory_region(p, n);
}
#else
static void before_switch(void **fake, const void *to, size_t size)
{
	(void)fake, (void)to, (void)size;
}

static void after_switch(void *fake, const void **from, size_t *size)
{
	(void)fake, (void)from, (void)size;
}

static void forget_stack(void *p, size_t n)
{
	(void)p, (void)n;
}
#endif

static void leave(struct coroutine *c)
{
	before_switch(&c->fake_stack, c->back_stack, c->back_size);
	swapcontext(&c->here, &c->back);
	after_switch(c->fake_stack, &c->back_stack, &c->back_size);
}

static int enter(struct coroutine *c)
{
	void *fake = NULL;

	BUG_ON(running != NULL);
	running = c;
	before_switch(&fake, c->stack + GUARD, COROUTINE_STACK);
	swapcontext(&c->back, &c->here);
	after_switch(fake, NULL, NULL);
	running = NULL;
	return c->done ? 0 : BH_EAGAIN;
}

/* A stack serves one function after the other. */
static void run(void)
{
	struct coroutine *c = running;

	after_switch(NULL, &c->back_stack, &c->back_size);
	for (;;) {
		c->fn(c->arg);
		c->done = true;
		leave(c);
	}
}

static uint8_t *map_stack(void)
{
	uint8_t *p = mmap(NULL, GUARD + COROUTINE_STACK, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(p, GUARD, PROT_NONE) == 0)
		return p;
	munmap(p, GUARD + COROUTINE_STACK);
	return NULL;
}

static struct coroutine *make(struct coroutine_pool *pool)
{
	struct coroutine *c = bh_alloc(sizeof *c);

	c->pool = pool;
	c->stack = map_stack();
	if (c->stack == NULL) {
		free(c);
		return NULL;
	}
	getcontext(&c->here);
	c->here.uc_stack.ss_sp = c->stack + GUARD;
	c->here.uc_stack.ss_size = COROUTINE_STACK;
	makecontext(&c->here, run, 0);
	return c;
}

static void unmake(struct coroutine *c)
{
	forget_stack(c->stack + GUARD, COROUTINE_STACK);
	munmap(c->stack, GUARD + COROUTINE_STACK);
	free(c);
}

static void give_back(struct coroutine *c)
{
	struct coroutine_pool *pool = c->pool;

	pool->taken--;
	if (pool->kept == KEPT) {
		unmake(c);
		return;
	}
	c->next = pool->free;
	pool->free = c;
	pool->kept++;
}

static struct coroutine *take(struct coroutine_pool *pool)
{
	struct coroutine *c = pool->free;

	if (c == NULL) {
		c = make(pool);
	} else {
		pool->free = c->next;
		pool->kept--;
	}
	pool->taken += c != NULL;
	return c;
}

struct coroutine_pool *coroutine_pool_create(unsigned max)
{
	struct coroutine_pool *pool = bh_alloc(sizeof *pool);

	pool->max = max;
	return pool;
}

void coroutine_pool_free(struct coroutine_pool **pool)
{
	struct coroutine_pool *p = *pool;

	*pool = NULL;
	if (p == NULL)
		return;
	BUG_ON(p->taken > 0);
	while (p->free != NULL) {
		struct coroutine *c = p->free;

		p->free = c->next;
		unmake(c);
	}
	free(p);
}

bool coroutine_pool_full(const struct coroutine_pool *pool)
{
	return pool->taken == pool->max;
}

int coroutine_start(struct coroutine_pool *pool, void (*fn)(void *arg), void *arg, struct coroutine **out)
{
	struct coroutine *c;

	if (coroutine_pool_full(pool))
		return BH_EBUSY;
	c = take(pool);
	if (c == NULL)
		return BH_ENOMEM;
	c->fn = fn;
	c->arg = arg;
	c->done = false;
	*out = c;
	return coroutine_resume(out);
}

int coroutine_resume(struct coroutine **c)
{
	int rc = enter(*c);

	if (rc == 0) {
		give_back(*c);
		*c = NULL;
	}
	return rc;
}

void coroutine_wait(void)
{
	leave(running);
}

void *coroutine_argument(void)
{
	return running != NULL ? running->arg : NULL;
}

size_t coroutine_deepest(const struct coroutine_pool *pool)
{
	size_t deepest = 0;

	for (const struct coroutine *c = pool->free; c != NULL; c = c->next) {
		const uint8_t *p = c->stack + GUARD, *end = p + COROUTINE_STACK;

		while (p < end && *p == 0)
			p++;
		if ((size_t)(end - p) > deepest)
			deepest = (size_t)(end - p);
	}
	return deepest;
}
