/* One datum at a time: is it there, and if not, into memory and the store. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "routerd/account.h"
#include "routerd/change.h"
#include "routerd/data.h"
#include "routerd/moving/moving.h"
#include "routerd/pending.h"
#include "routerd/roster_edit.h"

static uint8_t state_of(uint8_t flags)
{
	static const uint8_t none[] = {SUB_NONE, SUB_NONE_OUT, SUB_NONE_IN, SUB_NONE_OUT_IN};
	bool asked = flags & USER_ASKED, asks = flags & USER_ASKS;

	switch (flags & (USER_TO | USER_FROM)) {
	case USER_TO | USER_FROM:
		return SUB_BOTH;
	case USER_TO:
		return asks ? SUB_TO_IN : SUB_TO;
	case USER_FROM:
		return asked ? SUB_FROM_OUT : SUB_FROM;
	default:
		return none[(asked ? 1 : 0) | (asks ? 2 : 0)];
	}
}

static struct contact_text contact_of(const struct user_datum *d)
{
	struct contact_text text = {
		.jid = d->jid, .name = d->name, .groups = d->more, .request = d->xml, .state = state_of(d->flags)};

	if (d->flags & USER_LISTED)
		text.flags |= CONTACT_LISTED;
	if (d->flags & USER_APPROVED && !subscription_gives(text.state))
		text.flags |= CONTACT_APPROVED;
	if (!subscription_pending_in(text.state) || text.request.len > PENDING_MAX)
		text.request = STR_NONE;
	return text;
}

static bool has_contact(const struct account *a, const struct user_datum *d, const struct moving_stored *stored)
{
	const struct contact *c = roster_find(&a->roster, d->jid);
	struct contact_text text = contact_of(d);

	(void)stored;
	if (c == NULL)
		return text.state == SUB_NONE && text.flags == 0;
	return c->state == text.state && c->flags == text.flags && str_eq(c->name, text.name) &&
	       (c->name.p == NULL) == (text.name.p == NULL) && str_eq(c->groups, text.groups) &&
	       str_eq(c->request, text.request);
}

static void put_contact(struct change *c, struct account *a, const struct user_datum *d)
{
	struct contact_text text = contact_of(d);

	(void)roster_edit(c, a, &text);
}

static bool has_blocked(const struct account *a, const struct user_datum *d, const struct moving_stored *stored)
{
	(void)stored;
	return blocklist_has(&a->blocklist, d->jid);
}

static void put_blocked(struct change *c, struct account *a, const struct user_datum *d)
{
	change_touch(c, a);
	(void)blocklist_add(&a->blocklist, d->jid);
	store_text(change_tx(c), a->jid.bare);
	store_text(change_tx(c), d->jid);
	store_do(change_tx(c), SQL_BLOCKED_ADD);
}

static bool has_vcard(const struct account *a, const struct user_datum *d, const struct moving_stored *stored)
{
	struct str list = buf_str(&stored->vcard);
	struct user_datum old;

	(void)a;
	return user_datum_take(&list, &old) && str_eq(d->xml, old.xml);
}

static void put_vcard(struct change *c, struct account *a, const struct user_datum *d)
{
	change_touch(c, a);
	store_text(change_tx(c), a->jid.bare);
	store_blob(change_tx(c), d->xml);
	store_do(change_tx(c), SQL_VCARD_PUT);
}

static bool has_private(const struct account *a, const struct user_datum *d, const struct moving_stored *stored)
{
	struct str list = buf_str(&stored->elements);
	struct user_datum old;

	(void)a;
	while (user_datum_take(&list, &old))
		if (str_eq(old.name, d->name) && str_eq(old.more, d->more))
			return str_eq(old.xml, d->xml);
	return false;
}

static void put_private(struct change *c, struct account *a, const struct user_datum *d)
{
	change_touch(c, a);
	store_text(change_tx(c), a->jid.bare);
	store_text(change_tx(c), d->more);
	store_text(change_tx(c), d->name);
	store_blob(change_tx(c), d->xml);
	store_do(change_tx(c), SQL_PRIVATE_PUT);
}

/* What the message is known by: as its origin, too. */
static void origin_of(const struct user_datum *d, uint8_t out[DIGEST_128_SIZE])
{
	struct buf whole = BUF_INIT;

	user_datum_put(&whole, d);
	digest_128(buf_str(&whole), out);
	buf_fini(&whole);
}

static bool has_message(const struct account *a, const struct user_datum *d, const struct moving_stored *stored)
{
	uint8_t origin[DIGEST_128_SIZE];

	(void)a;
	origin_of(d, origin);
	for (size_t at = 0; at < stored->origins.len; at += DIGEST_128_SIZE)
		if (memcmp(stored->origins.data + at, origin, DIGEST_128_SIZE) == 0)
			return true;
	return false;
}

static void put_message(struct change *c, struct account *a, const struct user_datum *d)
{
	uint8_t origin[DIGEST_128_SIZE];
	struct store_tx *tx = change_tx(c);

	origin_of(d, origin);
	change_touch(c, a);
	a->offline.rows++;
	store_text(tx, STR_NONE);
	store_text(tx, a->jid.bare);
	store_blob(tx, str_make(origin, sizeof origin));
	store_int(tx, 1);
	store_int(tx, 0);
	store_int(tx, d->time);
	store_text(tx, d->jid);
	store_blob(tx, STR_LIT(""));
	store_blob(tx, d->xml);
	store_do(tx, SQL_OFFLINE_ADD);
	store_text(tx, a->jid.bare);
	store_blob(tx, str_make(origin, sizeof origin));
	store_do(tx, SQL_IMPORTED_ADD);
}

static bool has_last(const struct account *a, const struct user_datum *d, const struct moving_stored *stored)
{
	(void)stored;
	return d->time <= a->last_seen;
}

static void put_last(struct change *c, struct account *a, const struct user_datum *d)
{
	change_touch(c, a);
	store_int(change_tx(c), d->time);
	store_text(change_tx(c), d->name);
	store_text(change_tx(c), a->jid.bare);
	store_do(change_tx(c), SQL_ACCOUNT_SEEN);
	a->last_seen = d->time;
	free(a->last_status);
	a->last_status = d->name.len > 0 ? bh_strndup(d->name.p, d->name.len) : NULL;
}

static const struct {
	bool (*has)(const struct account *a, const struct user_datum *d, const struct moving_stored *stored);
	void (*put)(struct change *c, struct account *a, const struct user_datum *d);
} kinds[] = {
	[USER_CONTACT] = {has_contact, put_contact},
	[USER_BLOCKED] = {has_blocked, put_blocked},
	[USER_VCARD] = {has_vcard, put_vcard},
	[USER_PRIVATE] = {has_private, put_private},
	[USER_MESSAGE] = {has_message, put_message},
	[USER_LAST] = {has_last, put_last},
};

bool moving_has(const struct account *a, const struct user_datum *d, const struct moving_stored *stored)
{
	return kinds[d->kind].has(a, d, stored);
}

void moving_put(struct change *c, struct account *a, const struct user_datum *d)
{
	kinds[d->kind].put(c, a, d);
}
