/*
 * ptrs - a growable list of pointers, in no order
 *
 * It owns the array and nothing that stands in it.  The room is the next power of two, and so needs no field.  Whoever
 * fills it has bounded how many there may be: there is always memory.
 */
#ifndef BH_PTRS_H
#define BH_PTRS_H

#include <stdbool.h>
#include <stdint.h>

struct ptrs {
	void **of;
	uint32_t n;
};

void ptrs_add(struct ptrs *p, void *what);
/* The last one takes its place.  Nothing happens where it is not there. */
void ptrs_remove(struct ptrs *p, const void *what);
bool ptrs_has(const struct ptrs *p, const void *what);
/* Empty, without memory. */
void ptrs_fini(struct ptrs *p);

#endif
