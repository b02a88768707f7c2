/* Wrappers that count allocations, and look into each block that is given back. */
#include "heap.h"

#include <malloc.h>
#include <string.h>

void *__real_malloc(size_t n);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);

static struct heap_seen seen;

bool heap_has_mark(const void *p, size_t n)
{
	return p != NULL && memmem(p, n, HEAP_MARK, sizeof HEAP_MARK - 1) != NULL;
}

void heap_watch(void)
{
	seen = (struct heap_seen){0};
}

struct heap_seen heap_seen(void)
{
	return seen;
}

static void look(const void *p)
{
	if (p != NULL && heap_has_mark(p, malloc_usable_size((void *)(size_t)p)))
		seen.leaks++;
}

void *__wrap_malloc(size_t n)
{
	seen.allocations++;
	return __real_malloc(n);
}

/* realloc may leave the old block behind: so it counts as given back. */
void *__wrap_realloc(void *p, size_t n)
{
	seen.allocations++;
	look(p);
	return __real_realloc(p, n);
}

void __wrap_free(void *p)
{
	look(p);
	__real_free(p);
}
