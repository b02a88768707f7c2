/* To routerd, and to the store. */
#include "dirsyncd/told.h"

#include "base/clock.h"
#include "bus/codes.h"
#include "dirsyncd/data.h"

enum { AGAIN_S = 24 * 3600 };

static void pass_on(struct dirsyncd *d, const struct told *t)
{
	struct link *link = bus_client_link(d->bus);
	struct msg_account_changed changed = {
		.account = t->account, .generation = t->when_us, .change = (uint8_t)t->change};
	struct msg_account_renamed renamed = {.account = t->account, .to = t->becomes, .generation = t->when_us};

	if (link == NULL)
		return;
	if (t->change == TOLD_RENAMED)
		(void)LINK_SEND(link, ACCOUNT_RENAMED, account_renamed, 0, &renamed);
	else
		(void)LINK_SEND(link, ACCOUNT_CHANGED, account_changed, 0, &changed);
}

void told_say(struct dirsyncd *d, struct store_tx *tx, const struct told *t)
{
	store_text(tx, t->account);
	store_text(tx, t->becomes);
	store_int(tx, t->change);
	store_int(tx, (int64_t)t->when_us);
	store_do(tx, SQL_TOLD_ADD);
	pass_on(d, t);
}

static void on_rows(void *arg, int rc, struct store_rows *rows)
{
	while (rc == 0 && store_row(rows))
		pass_on(arg, &(struct told){
			.account = store_row_text(rows, 1),
			.becomes = store_row_text(rows, 2),
			.change = (unsigned)store_row_int(rows, 3),
			.when_us = (uint64_t)store_row_int(rows, 4),
		});
}

void told_again(struct dirsyncd *d)
{
	struct store_tx *tx = store_begin(d->store);

	store_int(tx, (int64_t)(clock_wall_us() - (uint64_t)AGAIN_S * 1000000));
	store_do(tx, SQL_TOLD_EXPIRE);
	store_commit(tx, NULL, NULL);
	tx = store_begin(d->store);
	store_do(tx, SQL_TOLD_GET);
	store_ask(tx, on_rows, d);
}
