/*
 * alloc - memory for our own small fixed-size objects
 *
 * bh_alloc() and bh_strdup() never return NULL: when even a small object cannot be had,
 * the process ends at once and its supervisor starts it again.  Memory whose size a peer
 * chooses is never taken here but by functions that return BH_ENOMEM (see buf.h).
 */
#ifndef BH_ALLOC_H
#define BH_ALLOC_H

#include <stddef.h>

/* Zeroed memory; the caller frees it with free(). */
void *bh_alloc(size_t size);
char *bh_strdup(const char *text);
char *bh_strndup(const char *text, size_t len);

/* Ends the process with one line on standard error: a defect of ours, not of the input. */
_Noreturn void bh_bug(const char *file, int line, const char *what);
#define BUG_ON(cond)                                                                               \
	do {                                                                                       \
		if (cond)                                                                          \
			bh_bug(__FILE__, __LINE__, #cond);                                         \
	} while (0)

#endif
