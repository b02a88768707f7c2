/* vCards: as their owners stored them, unseen, or as the domain's directory has them. */
#include "routerd/services/vcard.h"

#include <stdio.h>

#include "daemon/log.h"
#include "routerd/account.h"
#include "routerd/change.h"
#include "routerd/data.h"
#include "routerd/domains.h"
#include "routerd/keep.h"
#include "routerd/question.h"
#include "xmpp/names.h"
#include "xmpp/xmlcheck.h"

static bool is_own(const struct transit *t)
{
	return t->stanza.to.p == NULL || str_eq(t->to.bare, t->from.bare);
}

static const struct jid *owner(const struct transit *t)
{
	return is_own(t) ? &t->from : &t->to;
}

static enum directory_profiles profiles(const struct transit *t)
{
	const struct domain *d = domain_find(&t->cause.router->domains, owner(t)->domain);

	return d != NULL ? d->directory.profiles : PROFILES_OFF;
}

/* 3.3: to others no vCard and no user look the same. */
static void answer_none(struct transit *t)
{
	transit_error(t, is_own(t) ? STANZA_ITEM_NOT_FOUND : STANZA_SERVICE_UNAVAILABLE, NULL);
}

/* ---- from the directory ---------------------------------------------------------------------- */

static bool is_vcard(struct str xml)
{
	struct tree *tree;
	bool yes;

	if (xmlcheck_inner(xml) != 0 || tree_parse(xml, NS_CLIENT, &tree) != 0)
		return false;
	yes = tree_first(tree) != NULL && tree_first(tree)->next == NULL && str_is(tree_first(tree)->ns, NS_VCARD) &&
	      str_is(tree_first(tree)->name, "vCard");
	tree_free(&tree);
	return yes;
}

static void on_profile_told(struct transit *t, const struct answer *answer)
{
	if (!answer->there) {
		answer_none(t);
	} else if (is_vcard(answer->text)) {
		transit_result(t, answer->text);
	} else {
		log_error("bad-profile", "account=%s", LOG_STR(owner(t)->bare));
		transit_error(t, STANZA_INTERNAL_SERVER_ERROR, NULL);
	}
}

/* Whoever may not see it waits for it all the same: he must not tell that from there being none. */
static void on_profile_hidden(struct transit *t, const struct answer *answer)
{
	(void)answer;
	answer_none(t);
}

static void ask_directory(struct transit *t, answer_fn *fn)
{
	question_ask(t, &(struct question){.account = owner(t)->bare, .fn = fn});
}

/* ---- from the store ------------------------------------------------------------------------- */

static void on_stored(struct transit *t, struct store_rows *rows)
{
	if (store_row(rows))
		transit_result(t, store_row_text(rows, 0));
	else if (profiles(t) == PROFILES_EDITABLE)
		ask_directory(t, on_profile_told);
	else
		answer_none(t);
}

static void ask_store(struct transit *t)
{
	struct store_tx *tx = store_begin(t->cause.router->store);

	store_text(tx, owner(t)->bare);
	store_do(tx, SQL_VCARD_GET);
	transit_ask(t, tx, on_stored);
}

static bool may_see(const struct transit *t)
{
	const struct account *a = is_own(t) ? NULL : transit_recipient(t);

	return is_own(t) || (a != NULL && a->state == ACCOUNT_THERE && !blocklist_blocks(&a->blocklist, &t->from));
}

void vcard_get(struct transit *t, enum service_place place, const struct tree_node *child)
{
	enum directory_profiles where = profiles(t);

	(void)place, (void)child;
	if (!may_see(t) && where == PROFILES_OFF)
		answer_none(t);
	else if (!may_see(t))
		ask_directory(t, on_profile_hidden);
	else if (where == PROFILES_READONLY)
		ask_directory(t, on_profile_told);
	else
		ask_store(t);
}

/* ---- changing it --------------------------------------------------------------------------- */

static void change(struct transit *t, unsigned statement, struct str xml)
{
	struct change *c = change_begin(t);

	store_text(change_tx(c), t->from.bare);
	if (xml.p != NULL)
		store_blob(change_tx(c), xml);
	store_do(change_tx(c), statement);
	change_then_result(c, t, STR_LIT(""));
	change_commit(&c);
}

/* Where the directory has one, an empty one of his own would hide it: it takes his own back. */
static bool takes_back(const struct transit *t, const struct tree_node *vcard)
{
	return profiles(t) == PROFILES_EDITABLE && vcard->children == NULL && vcard->text.len == 0;
}

void vcard_set(struct transit *t, enum service_place place, const struct tree_node *child)
{
	uint32_t most = t->cause.router->limits.vcard;
	char text[64];

	if (place != SERVICE_ACCOUNT || t->sender == NULL) {
		transit_error(t, STANZA_FORBIDDEN, "a vCard is its owner's to change");
	} else if (profiles(t) == PROFILES_READONLY) {
		transit_error(t, STANZA_NOT_ALLOWED, "profiles are kept in the directory of this domain, and changed there");
	} else if (t->stanza.inner.len > most) {
		snprintf(text, sizeof text, "routerd.vcard: at most %u bytes", most);
		transit_error(t, STANZA_NOT_ACCEPTABLE, text);
	} else if (takes_back(t, child)) {
		change(t, SQL_VCARD_DELETE, STR_NONE);
	} else {
		change(t, SQL_VCARD_PUT, t->stanza.inner);
	}
}
