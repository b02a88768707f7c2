/* The queue, and its first that is worked off. */
#include "routerd/ending.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "routerd/account.h"
#include "routerd/restore.h"

static void destroy(struct ending *e)
{
	list_remove(&e->link);
	if (e->account != NULL)
		account_release(e->account);
	if (e->other != NULL)
		account_release(e->other);
	free(e->name);
	free(e->other_name);
	free(e);
}

static bool advance(struct ending *e)
{
	if (e->begun_ms == 0) {
		e->begun_ms = clock_ms();
		e->account = account_get(e->router, str_of(e->name));
		if (e->account != NULL)
			account_hold(e->account);
	}
	if (e->account == NULL)
		return true;
	return ending_ready(e, e->account) && e->run(e);
}

/* Not before the sessions of the last run are there, whose clients are to hear of it. */
static void work(struct router *r)
{
	if (r->ending || r->stopping || !restore_over(r))
		return;
	r->ending = true;
	while (!list_empty(&r->endings)) {
		struct ending *e = container_of(r->endings.next, struct ending, link);

		if (!advance(e))
			break;
		destroy(e);
	}
	r->ending = false;
}

static void on_ready(void *router)
{
	work(router);
}

void ending_begin(struct router *r, const struct ending_spec *spec)
{
	struct ending *e = bh_alloc(sizeof *e);

	e->router = r;
	e->run = spec->run;
	e->name = bh_strndup(spec->name.p, spec->name.len);
	e->other_name = spec->other.p != NULL ? bh_strndup(spec->other.p, spec->other.len) : NULL;
	e->before = spec->before;
	e->asked = spec->asked;
	list_append(&r->endings, &e->link);
	work(r);
}

bool ending_is_meant(const struct ending *e)
{
	return e->account->state == ACCOUNT_THERE && (uint64_t)e->account->created <= e->before;
}

bool ending_ready(struct ending *e, struct account *a)
{
	if (account_ready(a))
		return true;
	account_when_ready(a, on_ready, e->router);
	return false;
}

void endings_tick(struct router *r)
{
	work(r);
}

void endings_free(struct router *r)
{
	while (!list_empty(&r->endings))
		destroy(container_of(r->endings.next, struct ending, link));
}
