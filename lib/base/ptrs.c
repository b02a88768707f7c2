/* Lists of pointers. */
#include "base/ptrs.h"

#include <stdlib.h>

#include "base/alloc.h"

void ptrs_add(struct ptrs *p, void *what)
{
	/* Full where n is a power of two, and where there is none. */
	if ((p->n & (p->n - 1)) == 0) {
		size_t room = p->n > 0 ? 2 * (size_t)p->n : 1;
		void **of = realloc(p->of, room * sizeof *of);

		BUG_ON(of == NULL);
		p->of = of;
	}
	p->of[p->n++] = what;
}

static uint32_t place_of(const struct ptrs *p, const void *what)
{
	uint32_t i = 0;

	while (i < p->n && p->of[i] != what)
		i++;
	return i;
}

/* The room may be larger than it needs to be from here on: it is again what n says when n has doubled. */
void ptrs_remove(struct ptrs *p, const void *what)
{
	uint32_t i = place_of(p, what);

	if (i == p->n)
		return;
	p->of[i] = p->of[--p->n];
	if (p->n == 0)
		ptrs_fini(p);
}

bool ptrs_has(const struct ptrs *p, const void *what)
{
	return place_of(p, what) < p->n;
}

void ptrs_fini(struct ptrs *p)
{
	free(p->of);
	*p = (struct ptrs){0};
}
