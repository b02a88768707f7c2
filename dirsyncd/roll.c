/* Gathered, sorted, written. */
#include "dirsyncd/roll.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "bus/textlist.h"
#include "dirsyncd/person.h"

static const struct person **people(const struct roll *r)
{
	return (const struct person **)(void *)r->people.data;
}

static void add(void *arg, struct member_person *member)
{
	const struct person *p = container_of(member, struct person_member, member)->person;

	buf_put(arg, &p, sizeof(struct person *));
}

/* Where two entries have the same address, always the same one counts. */
static int in_order(const void *a, const void *b)
{
	const struct person *const *x = a, *const *y = b;
	int rc = strcmp((*x)->local, (*y)->local);

	return rc != 0 ? rc : memcmp((*x)->uuid, (*y)->uuid, UUID_SIZE);
}

bool roll_call(struct roll *r, struct membership *m, struct member_group *g, size_t max)
{
	bool good = membership_each(m, g, max, add, &r->people);
	size_t n = r->people.len / sizeof(struct person *);
	const struct person **of;

	if (!good || buf_failed(&r->people))
		return false;
	of = people(r);
	if (n > 0)
		qsort(of, n, sizeof(struct person *), in_order);
	for (size_t i = 0; i < n; i++)
		if (r->n == 0 || strcmp(of[r->n - 1]->local, of[i]->local) != 0)
			of[r->n++] = of[i];
	return true;
}

void roll_put(const struct roll *r, const char *domain, struct buf *out)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct person *p = people(r)[i];

		textlist_printf(out, "%s@%s", p->local, domain);
		textlist_put(out, str_of(p->name));
	}
}

void roll_fini(struct roll *r)
{
	buf_fini(&r->people);
	r->n = 0;
}
