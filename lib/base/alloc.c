/* Allocation that cannot fail, for objects of a fixed size. */
#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *bh_alloc(size_t size)
{
	void *p = calloc(1, size);

	BUG_ON(p == NULL);
	return p;
}

char *bh_strndup(const char *text, size_t len)
{
	char *copy = bh_alloc(len + 1);

	if (len > 0) /* the bytes of an absent text are nowhere */
		memcpy(copy, text, len);
	return copy;
}

char *bh_strdup(const char *text)
{
	return bh_strndup(text, strlen(text));
}

void bh_bug(const char *file, int line, const char *what)
{
	fprintf(stderr, "bug: %s:%d: %s\n", file, line, what);
	abort();
}
