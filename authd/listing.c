/* Lists of accounts: one page of each per turn of the timer. */
#include "authd/listing.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"

enum { QUEUED_MAX = 1024 * 1024, WAIT_MS = 20 };

struct listings {
	struct accounts *accounts;
	struct link *link;
	struct list open;
	unsigned n;
	uv_timer_t timer;
	void (*stopped)(void *);
	void *stopped_arg;
};

struct listing {
	struct list link;
	struct listings *all;
	struct listing_order order;
	char *domain;
	struct account_page page;
};

static void listing_free(struct listing *l)
{
	list_remove(&l->link);
	l->all->n--;
	free(l->domain);
	free(l);
}

/* Of accounts from elsewhere: the keys that they have, where those of one hash are lacking. */
static struct str state_of(const struct account_row *row)
{
	if (row->disabled)
		return STR_LIT("disabled");
	if (row->lack & 1u << SCRAM_SHA256)
		return STR_LIT("enabled, SHA-1");
	return row->lack & 1u << SCRAM_SHA1 ? STR_LIT("enabled, SHA-256") : STR_LIT("enabled");
}

static void send_row(void *arg, const struct account_row *row)
{
	const struct listing *l = arg;
	struct msg_account_row m = {
		.account = row->account,
		.state = state_of(row),
		.created = (uint64_t)row->created,
		.reason = row->reason,
	};

	(void)LINK_SEND(l->all->link, ACCOUNT_ROW, account_row, l->order.subject, &m);
}

static void send_change(void *arg, const struct account_row *row)
{
	const struct listing *l = arg;
	struct msg_account_changed m = {
		.account = row->account,
		.generation = row->generation,
		.change = (uint8_t)row->change,
	};

	(void)LINK_SEND(l->all->link, ACCOUNT_CHANGED, account_changed, 0, &m);
}

static void send_page(struct listing *l)
{
	int rc = l->order.changes ? accounts_changes(l->all->accounts, &l->page) :
		accounts_page(l->all->accounts, &l->page);

	if (rc == 0 && !l->page.end)
		return;
	if (l->order.done != NULL)
		l->order.done(l->order.arg, l->order.subject, rc);
	listing_free(l);
}

static void on_turn(uv_timer_t *timer)
{
	struct listings *all = timer->data;
	bool full = link_queued(all->link) >= QUEUED_MAX;

	if (!full) {
		list_for_each_safe(link, &all->open)
			send_page(container_of(link, struct listing, link));
	}
	if (!list_empty(&all->open))
		uv_timer_start(timer, on_turn, full ? WAIT_MS : 0, 0);
}

struct listings *listings_start(uv_loop_t *loop, struct accounts *accounts)
{
	struct listings *all = bh_alloc(sizeof(*all));

	all->accounts = accounts;
	list_init(&all->open);
	uv_timer_init(loop, &all->timer);
	all->timer.data = all;
	return all;
}

void listings_set_link(struct listings *all, struct link *link)
{
	all->link = link;
	if (link != NULL)
		return;
	uv_timer_stop(&all->timer);
	while (!list_empty(&all->open))
		listing_free(container_of(all->open.next, struct listing, link));
}

int listings_add(struct listings *all, const struct listing_order *order)
{
	struct listing *l;

	if (all->link == NULL || all->n >= LISTINGS_MAX)
		return BH_EBUSY;
	l = bh_alloc(sizeof(*l));
	l->all = all;
	l->order = *order;
	l->domain = order->domain != NULL ? bh_strdup(order->domain) : NULL;
	l->page.domain = l->domain;
	l->page.since = order->since;
	l->page.visit = order->changes ? send_change : send_row;
	l->page.arg = l;
	list_append(&all->open, &l->link);
	all->n++;
	uv_timer_start(&all->timer, on_turn, 0, 0);
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct listings *all = handle->data;

	all->stopped(all->stopped_arg);
	free(all);
}

void listings_stop(struct listings **ref, void (*done)(void *), void *arg)
{
	struct listings *all = *ref;

	*ref = NULL;
	listings_set_link(all, NULL);
	all->stopped = done;
	all->stopped_arg = arg;
	uv_close((uv_handle_t *)&all->timer, on_closed);
}
