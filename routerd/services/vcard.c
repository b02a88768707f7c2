/* vCards are stored and given back as they came: nobody here looks into them. */
#include "routerd/services/vcard.h"

#include <stdio.h>

#include "routerd/account.h"
#include "routerd/change.h"
#include "routerd/data.h"
#include "routerd/keep.h"

static void ask(struct transit *t, struct str account, transit_rows_fn *fn)
{
	struct store_tx *tx = store_begin(t->cause.router->store);

	store_text(tx, account);
	store_do(tx, SQL_VCARD_GET);
	transit_ask(t, tx, fn);
}

static void on_own(struct transit *t, struct store_rows *rows)
{
	if (store_row(rows))
		transit_result(t, store_row_text(rows, 0));
	else
		transit_error(t, STANZA_ITEM_NOT_FOUND, NULL);
}

/* 3.3: no vCard and no user look the same. */
static void on_other(struct transit *t, struct store_rows *rows)
{
	if (store_row(rows))
		transit_result(t, store_row_text(rows, 0));
	else
		transit_error(t, STANZA_SERVICE_UNAVAILABLE, NULL);
}

void vcard_get(struct transit *t, enum service_place place, const struct tree_node *child)
{
	const struct account *a = place == SERVICE_OTHER ? transit_recipient(t) : NULL;

	(void)child;
	if (place == SERVICE_ACCOUNT)
		ask(t, t->from.bare, on_own);
	else if (a == NULL || a->state != ACCOUNT_THERE || blocklist_blocks(&a->blocklist, &t->from))
		transit_error(t, STANZA_SERVICE_UNAVAILABLE, NULL);
	else
		ask(t, a->jid.bare, on_other);
}

static void put(struct transit *t)
{
	struct change *c = change_begin(t);

	store_text(change_tx(c), t->from.bare);
	store_blob(change_tx(c), t->stanza.inner);
	store_do(change_tx(c), SQL_VCARD_PUT);
	change_then_result(c, t, STR_LIT(""));
	change_commit(&c);
}

void vcard_set(struct transit *t, enum service_place place, const struct tree_node *child)
{
	char text[64];

	(void)child;
	if (place != SERVICE_ACCOUNT || t->sender == NULL) {
		transit_error(t, STANZA_FORBIDDEN, "a vCard is its owner's to change");
		return;
	}
	if (t->stanza.inner.len > t->cause.router->limits.vcard) {
		snprintf(text, sizeof text, "routerd.vcard: at most %u bytes",
			t->cause.router->limits.vcard);
		transit_error(t, STANZA_NOT_ACCEPTABLE, text);
		return;
	}
	put(t);
}
