/*
 * memory - that of a process with private keys: none of it goes to a swap device or into a dump, and what is freed is
 * wiped, whoever frees it (GnuTLS leaves Ed25519 keys as they are)
 */
#ifndef KEYD_MEMORY_H
#define KEYD_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct memory {
	uintptr_t heap; /* where it begins, or 0 */
	bool locked;	/* all that there is, and all that comes */
};

/* Before the keys are read.  locked: all memory is already; where the limit (RLIMIT_MEMLOCK) does not allow that, the heap
 * is locked later. */
void memory_prepare(struct memory *m, bool locked);

/* After keys were read: they are on the heap.  false: it could not be locked. */
bool memory_guard(const struct memory *m);

#endif
