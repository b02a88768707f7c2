/* USER_GET: all that an account has. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/exits.h"
#include "routerd/account.h"
#include "routerd/data.h"
#include "routerd/front.h"
#include "routerd/moving/moving.h"
#include "routerd/requests.h"

struct leaving {
	struct router *router;
	uint64_t asked;
	struct account *account; /* held */
};

static void tell(const struct request *q, unsigned code, const char *text, struct str data)
{
	struct msg_user_data m = {.code = (uint16_t)code, .text = str_of(text), .data = data};

	if (LINK_SEND(q->asker->link, USER_DATA, user_data, q->subject, &m) == BH_ETOOBIG) {
		m.code = EXIT_FAILED;
		m.text = STR_LIT("it has more than 16 MiB of data: messages are waiting for it, or private XML");
		m.data = STR_LIT("");
		(void)LINK_SEND(q->asker->link, USER_DATA, user_data, q->subject, &m);
	}
}

static void finish(struct leaving *l, unsigned code, const char *text, struct str data)
{
	struct request *q = request_find(l->router, l->asked, NULL);

	if (q != NULL) {
		tell(q, code, text, data);
		request_close(l->router, q);
	}
	account_release(l->account);
	free(l);
}

/* ---- what is in memory ---------------------------------------------------------------------- */

static uint8_t flags_of(const struct contact *c)
{
	uint8_t flags = 0;

	flags |= c->flags & CONTACT_LISTED ? USER_LISTED : 0;
	flags |= c->flags & CONTACT_APPROVED ? USER_APPROVED : 0;
	flags |= subscription_takes(c->state) ? USER_TO : 0;
	flags |= subscription_gives(c->state) ? USER_FROM : 0;
	flags |= subscription_asked(c->state) ? USER_ASKED : 0;
	flags |= subscription_pending_in(c->state) ? USER_ASKS : 0;
	return flags;
}

static void put_contacts(struct buf *out, const struct account *a)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &a->roster.contacts);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct contact *c = container_of(n, struct contact, node);

		user_datum_put(out, &(struct user_datum){.kind = USER_CONTACT, .flags = flags_of(c), .jid = c->jid,
			.name = c->name, .more = c->groups, .xml = c->request});
	}
}

static void put_blocked(void *out, struct str address)
{
	user_datum_put(out, &(struct user_datum){.kind = USER_BLOCKED, .jid = address});
}

static void put_last(struct buf *out, const struct account *a)
{
	if (a->last_seen != 0)
		user_datum_put(out, &(struct user_datum){
			.kind = USER_LAST, .time = a->last_seen, .name = str_of(a->last_status)});
}

/* ---- what is in the store --------------------------------------------------------------------- */

static void put_row(struct buf *out, const struct store_rows *row)
{
	struct user_datum d = {0};

	switch (store_row_int(row, 0)) {
	case ROW_VCARD:
		d = (struct user_datum){.kind = USER_VCARD, .xml = store_row_text(row, 1)};
		break;
	case ROW_PRIVATE:
		d = (struct user_datum){.kind = USER_PRIVATE, .more = store_row_text(row, 1),
			.name = store_row_text(row, 2), .xml = store_row_text(row, 3)};
		break;
	case ROW_MESSAGE:
		d = (struct user_datum){.kind = USER_MESSAGE, .time = store_row_int(row, 1),
			.jid = store_row_text(row, 2), .more = store_row_text(row, 3), .xml = store_row_text(row, 4)};
		break;
	default:
		return;
	}
	user_datum_put(out, &d);
}

static void on_rows(void *arg, int rc, struct store_rows *rows)
{
	struct leaving *l = arg;
	struct buf data = BUF_INIT;

	put_contacts(&data, l->account);
	blocklist_each(&l->account->blocklist, put_blocked, &data);
	put_last(&data, l->account);
	while (rc == 0 && store_row(rows))
		put_row(&data, rows);
	if (rc == 0 && buf_failed(&data))
		rc = BH_ENOMEM;
	finish(l, rc == 0 ? EXIT_OK : EXIT_FAILED, rc == 0 ? "" : bh_strerror(rc), rc == 0 ? buf_str(&data) : STR_NONE);
	buf_fini(&data);
}

static void collect(void *leaving)
{
	static const unsigned questions[] = {SQL_VCARD_MOVING_GET, SQL_PRIVATE_ALL_GET, SQL_OFFLINE_ALL_GET};
	struct leaving *l = leaving;
	struct store_tx *tx;

	if (l->account->state != ACCOUNT_THERE) {
		finish(l, EXIT_NOT_FOUND, "there is no such account", STR_NONE);
		return;
	}
	tx = store_begin(l->router->store);
	for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
		store_text(tx, l->account->jid.bare);
		store_do(tx, questions[i]);
	}
	store_ask(tx, on_rows, l);
}

int on_user_get(const struct bus_event *event)
{
	struct router *r = front_of(event)->router;
	struct msg_user_data refusal = {.code = EXIT_USAGE, .text = STR_LIT("that is no address of a user here")};
	struct msg_user_get in;
	struct account *a = NULL;
	struct leaving *l;
	struct jid jid;

	if (bus_get_user_get(event->frame->body, &in) != 0)
		return BH_EPROTO;
	if (jid_check(in.account, &jid) == 0 && jid.resource.p == NULL)
		a = account_of_ours(r, jid.bare);
	if (a == NULL) {
		(void)LINK_SEND(event->link, USER_DATA, user_data, event->frame->subject, &refusal);
		return 0;
	}
	l = bh_alloc(sizeof *l);
	l->router = r;
	l->asked = request_open(r, event->owner, event->frame->subject, NULL);
	l->account = a;
	account_hold(a);
	if (account_settled(a))
		collect(l);
	else
		account_when_settled(a, collect, l);
	return 0;
}
