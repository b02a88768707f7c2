/* The end of an account: contacts first, then everything else. */
#include "routerd/erase.h"

#include "routerd/account.h"
#include "routerd/change.h"
#include "routerd/data.h"
#include "routerd/roster_edit.h"
#include "routerd/subscribe.h"

static void delete_rows(struct account *a)
{
	static const unsigned statements[] = {SQL_CONTACTS_DELETE, SQL_REMOVED_ALL_DELETE,
		SQL_BLOCKED_ALL_DELETE, SQL_OFFLINE_ALL_DELETE, SQL_VCARD_DELETE,
		SQL_PRIVATE_ALL_DELETE, SQL_ACCOUNT_DELETE};
	struct store_tx *tx = store_begin(a->router->store);

	for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
		store_text(tx, a->jid.bare);
		store_do(tx, statements[i]);
	}
	store_commit(tx, NULL, NULL);
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

/* One contact after another, each when its own account is in memory to be told. */
static void erase_more(void *account)
{
	struct account *a = account;
	struct contact *contact;

	while (a->state == ACCOUNT_THERE && (contact = any_contact(a)) != NULL) {
		struct account *other = account_of_ours(a->router, contact->jid);

		if (other != NULL && !account_ready(other)) {
			account_when_ready(other, erase_more, a);
			return;
		}
		cancel(a, contact);
	}
	if (a->state == ACCOUNT_THERE)
		delete_rows(a);
	account_release(a);
}

void account_erase(struct router *r, struct str bare)
{
	struct account *a = account_get(r, bare);

	if (a == NULL)
		return;
	account_hold(a);
	if (account_ready(a))
		erase_more(a);
	else
		account_when_ready(a, erase_more, a);
}
