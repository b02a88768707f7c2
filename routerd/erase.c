/* The end of an account: contacts first, then everything else. */
#include "routerd/erase.h"

#include "routerd/account.h"
#include "routerd/change.h"
#include "routerd/data.h"
#include "routerd/ending.h"
#include "routerd/front.h"
#include "routerd/roster_edit.h"
#include "routerd/subscribe.h"

void erase_rows(struct account *a, struct store_tx *tx)
{
	static const unsigned statements[] = {SQL_CONTACTS_DELETE, SQL_REMOVED_ALL_DELETE,
		SQL_BLOCKED_ALL_DELETE, SQL_OFFLINE_ALL_DELETE, SQL_IMPORTED_ALL_DELETE, SQL_VCARD_DELETE,
		SQL_PRIVATE_ALL_DELETE, SQL_ACCOUNT_DELETE};

	for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
		store_text(tx, a->jid.bare);
		store_do(tx, statements[i]);
	}
	account_clear(a);
	a->state = ACCOUNT_NOWHERE;
}

static struct contact *any_contact(const struct account *a)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &a->roster.contacts);
	n = map_walk_next(&walk);
	return n != NULL ? container_of(n, struct contact, node) : NULL;
}

static void cancel(struct account *a, struct contact *contact)
{
	struct cause cause = cause_of_server(a->router);
	struct change *c = change_begin_for(&cause);

	subscribe_cancel(c, a, contact);
	roster_edit_remove(c, a, contact);
	change_commit(&c);
}

/* Somebody has logged in meanwhile who has got that address since. */
static bool is_taken(const struct ending *e)
{
	list_for_each(pos, &e->account->connections)
		if (container_of(pos, struct connection, in_account)->generation > e->before)
			return true;
	return false;
}

static void finish(struct ending *e)
{
	struct store_tx *tx = store_begin(e->router->store);

	erase_rows(e->account, tx);
	store_commit(tx, NULL, NULL);
	if (is_taken(e))
		account_load(e->account);
}

/* One contact after another, each when its own account is in memory to be told. */
static bool erase(struct ending *e)
{
	struct account *a = e->account;
	struct contact *contact;

	if (!ending_is_meant(e))
		return true;
	while ((contact = any_contact(a)) != NULL) {
		struct account *other = account_of_ours(a->router, contact->jid);

		if (other != NULL && !ending_ready(e, other))
			return false;
		cancel(a, contact);
	}
	finish(e);
	return true;
}

void account_erase(struct router *r, struct str bare, uint64_t before)
{
	ending_begin(r, &(struct ending_spec){.run = erase, .name = bare, .before = before});
}
