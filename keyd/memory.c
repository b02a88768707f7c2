/* Locking memory, keeping it out of dumps, and wiping it. */
#include "keyd/memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#ifndef BULKHEAD_SANITIZE
void __libc_free(void *p);

/* In place of the C library's, for all libraries of the process. */
void free(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	__libc_free(p);
}
#endif

/* Everything that is allocated shall be in one place, from brk(2). */
static void use_one_heap(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_MAX, 0);
}

static uintptr_t find_heap(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long heap = 0;
	char line[512];

	while (maps != NULL && heap == 0 && fgets(line, sizeof line, maps) != NULL)
		if (strstr(line, "[heap]") != NULL)
			heap = strtoul(line, NULL, 16);
	if (maps != NULL)
		fclose(maps);
	return heap;
}

/* Memory that comes later counts, too: without a limit it can be had, with one it would fail when it is needed. */
static bool lock_all(void)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	struct rlimit limit;

	(void)setrlimit(RLIMIT_MEMLOCK, &all);
	return getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY &&
	       mlockall(MCL_CURRENT | MCL_FUTURE) == 0;
}

void memory_lock(struct memory *m)
{
	use_one_heap();
	m->heap = find_heap();
	m->locked = lock_all();
}

bool memory_guard(const struct memory *m)
{
	uintptr_t end = (uintptr_t)sbrk(0);
	void *heap = (void *)m->heap;

	if (m->heap == 0 || end <= m->heap)
		return m->locked;
	madvise(heap, end - m->heap, MADV_DONTDUMP);
	return m->locked || mlock(heap, end - m->heap) == 0;
}
