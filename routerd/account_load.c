/* An account's data come from the store; whether it exists at all, authd may have to say. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "bus/codes.h"
#include "daemon/log.h"
#include "routerd/account.h"
#include "routerd/data.h"
#include "routerd/front.h"
#include "routerd/requests.h"

enum { AUTHD_BACK_MS = 5000 };

void account_clear(struct account *a)
{
	roster_clear(&a->roster);
	blocklist_clear(&a->blocklist);
	a->last_seen = 0;
	free(a->last_status);
	a->last_status = NULL;
}

/* The end of a load: whoever waited goes on. */
static void loaded(struct account *a, enum account_state state)
{
	a->state = (uint8_t)state;
	a->asked = clock_ms(); /* what is not known now is not asked again at once */
	account_wake(a);
	account_release(a);
}

static void remember(struct account *a)
{
	struct store_tx *tx = store_begin(a->router->store);

	a->created = (int64_t)clock_wall_us();
	store_text(tx, a->jid.bare);
	store_int(tx, a->created);
	store_do(tx, SQL_ACCOUNT_ADD);
	store_commit(tx, NULL, NULL);
}

static void ask_authd(struct account *a);

static void on_authd_says(void *arg, const struct reply *reply)
{
	struct account *a = arg;

	if (reply->gone) {
		ask_authd(a);
	} else if (reply->lost || reply->code == ACCOUNT_UNREADABLE) {
		loaded(a, ACCOUNT_UNKNOWN);
	} else if (reply->code == ACCOUNT_ABSENT) {
		loaded(a, ACCOUNT_NOWHERE);
	} else {
		remember(a);
		loaded(a, ACCOUNT_THERE);
	}
}

/* At the end none comes; but while a front end is there, nobody is told that what is being put off has failed. */
static bool may_come(const struct router *r)
{
	return r->stopping || clock_ms() - r->authd_gone_ms < AUTHD_BACK_MS;
}

static void ask_authd(struct account *a)
{
	struct msg_account_lookup m = {.account = a->jid.bare};

	if (REQUEST_AUTHD(a->router, ACCOUNT_LOOKUP, account_lookup, &m, on_authd_says, a) != 0)
		return;
	if (may_come(a->router))
		list_append(&a->router->unasked, &a->unasked);
	else
		loaded(a, ACCOUNT_UNKNOWN);
}

static struct account *next_unasked(struct list *unasked)
{
	struct account *a = container_of(unasked->next, struct account, unasked);

	list_remove(&a->unasked);
	return a;
}

void accounts_ask(struct router *r)
{
	struct list now;

	list_init(&now);
	list_splice(&now, &r->unasked);
	while (!list_empty(&now))
		ask_authd(next_unasked(&now));
}

void accounts_give_up(struct router *r)
{
	while (!list_empty(&r->unasked))
		loaded(next_unasked(&r->unasked), ACCOUNT_UNKNOWN);
}

static void take_account(struct account *a, const struct store_rows *row)
{
	struct str status = store_row_text(row, 5);

	a->stored = true;
	a->created = store_row_int(row, 1);
	a->roster.version = (uint64_t)store_row_int(row, 2);
	a->roster.floor = (uint64_t)store_row_int(row, 3);
	a->last_seen = store_row_int(row, 4);
	a->last_status = status.p != NULL ? bh_strndup(status.p, status.len) : NULL;
}

static void take_row(struct account *a, const struct store_rows *row)
{
	switch (store_row_int(row, 0)) {
	case ROW_ACCOUNT:
		take_account(a, row);
		break;
	case ROW_CONTACT:
		roster_load_contact(&a->roster, row);
		break;
	case ROW_REMOVED:
		roster_load_removed(&a->roster, row);
		break;
	case ROW_BLOCKED:
		blocklist_load(&a->blocklist, row);
		break;
	case ROW_OFFLINE:
		offline_loaded(a, (uint32_t)store_row_int(row, 1));
		break;
	}
}

static bool on_rows(void *arg, struct store_rows *rows)
{
	struct account *a = arg;

	while (store_row(rows))
		take_row(a, rows);
	return true;
}

static void on_loaded(void *arg, int rc)
{
	struct account *a = arg;

	if (rc != 0) {
		account_clear(a);
		log_error("store-failed", "account=%s reason=%s", LOG_TEXT(a->text),
			LOG_TEXT(bh_strerror(rc)));
		loaded(a, ACCOUNT_UNKNOWN);
		return;
	}
	if (a->stored) {
		loaded(a, ACCOUNT_THERE);
	} else if (!list_empty(&a->connections)) {
		remember(a); /* somebody has logged in to it */
		loaded(a, ACCOUNT_THERE);
	} else {
		ask_authd(a);
	}
}

void account_load(struct account *a)
{
	static const unsigned questions[] = {SQL_ACCOUNT_GET, SQL_CONTACTS_GET, SQL_REMOVED_GET,
		SQL_BLOCKED_GET, SQL_OFFLINE_COUNT};
	struct store_tx *tx = store_begin(a->router->store);

	a->state = ACCOUNT_LOADING;
	a->stored = false;
	account_hold(a);
	for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
		store_text(tx, a->jid.bare);
		store_do(tx, questions[i]);
	}
	store_read(tx, on_rows, on_loaded, a);
}
