/* Stored messages: in, out, and done. */
#include "routerd/offline.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "daemon/log.h"
#include "routerd/account.h"
#include "routerd/custody.h"
#include "routerd/data.h"
#include "routerd/route.h"
#include "routerd/session.h"
#include "xmpp/addition.h"
#include "xmpp/stanza.h"

enum { PAGE = 100, EXPIRE_SECONDS = 3600 };

struct offline_row {
	struct list link; /* in offline.flight */
	struct account *account;
	int64_t id;
	bool done;
};

void offline_init(struct offline *o)
{
	*o = (struct offline){0};
	list_init(&o->flight);
}

void offline_loaded(struct offline *o, uint32_t rows)
{
	uint32_t flying = 0;

	list_for_each(pos, &o->flight)
		flying++;
	o->rows = rows;
	o->unsent = rows > flying ? rows - flying : 0;
}

bool offline_wants(const struct stanza *s)
{
	if (s->content & (CONTENT_NO_STORE | CONTENT_CARBON | CONTENT_ERROR))
		return false;
	switch (s->type) {
	case TYPE_NONE:
	case TYPE_NORMAL:
	case TYPE_CHAT:
	case TYPE_UNKNOWN:
		/* Nothing but a chat state is not worth it (XEP-0160 3, XEP-0085 5.3). */
		return s->content & CONTENT_STORE || !(s->content & CONTENT_CHAT_STATE) ||
		       s->content & (CONTENT_BODY | CONTENT_SUBJECT);
	default:
		return false;
	}
}

bool offline_queued(const struct account *a)
{
	return a->offline.unsent > 0;
}

/* A message that is being stored. */
struct storing {
	struct account *account;
	struct parcel *parcel;
};

static struct session *taker(const struct account *a)
{
	list_for_each(pos, &a->sessions) {
		struct session *s = container_of(pos, struct session, in_account);

		if (session_takes_messages(s))
			return s;
	}
	return NULL;
}

static void on_stored(void *arg, int rc)
{
	struct storing *st = arg;
	struct account *a = st->account;
	struct session *s = taker(a);

	if (rc != 0) {
		log_error("store-failed", "account=%s error=%s", LOG_TEXT(a->text), bh_strerror(rc));
		a->offline.rows -= a->offline.rows > 0;
		a->offline.unsent -= a->offline.unsent > 0;
		route_unstored(st->parcel);
	} else if (s != NULL) {
		offline_send(s);
	}
	origin_close(st->parcel->origin, st->parcel->number);
	parcel_unref(&st->parcel);
	account_release(a);
	free(st);
}

/* Of rows that are on their way to a session the quota has room for as many again: for one who is
 * there, the full store of a moment ago refuses nothing. */
static bool full(const struct account *a)
{
	uint64_t limit = a->router->limits.offline_messages;

	return a->offline.rows >= (a->offline.sending ? 2 * limit : limit);
}

int offline_store(struct account *a, struct parcel *p)
{
	struct parcel_text text = parcel_text(p);
	struct storing *st;
	struct store_tx *tx;

	if (full(a))
		return BH_EBUSY;
	a->offline.rows++;
	a->offline.unsent++;
	st = bh_alloc(sizeof *st);
	st->account = a;
	st->parcel = parcel_ref(p);
	account_hold(a);
	origin_open(p->origin, p->number);
	tx = store_begin(a->router->store);
	store_text(tx, a->jid.bare);
	store_blob(tx, str_make(p->origin->id.b, sizeof p->origin->id.b));
	store_int(tx, (int64_t)p->number);
	store_int(tx, p->branch);
	store_int(tx, clock_wall());
	store_text(tx, text.from);
	store_blob(tx, text.additions);
	store_blob(tx, text.envelope);
	store_do(tx, SQL_OFFLINE_ADD);
	store_commit(tx, on_stored, st);
	return 0;
}

static bool in_flight(const struct account *a, int64_t id)
{
	list_for_each(pos, &a->offline.flight)
		if (container_of(pos, struct offline_row, link)->id == id)
			return true;
	return false;
}

static struct offline_row *row_create(struct account *a, int64_t id)
{
	struct offline_row *row = bh_alloc(sizeof *row);

	row->account = a;
	row->id = id;
	account_hold(a);
	list_append(&a->offline.flight, &row->link);
	return row;
}

/* The message as it was, and when it came. */
static struct parcel *row_parcel(struct account *a, const struct store_rows *row)
{
	struct cause cause = cause_of_server(a->router);
	struct buf additions = BUF_INIT;
	char stamp[CLOCK_STAMP_SIZE];
	struct parcel *p;

	clock_stamp(store_row_int(row, 4), stamp);
	buf_put_str(&additions, store_row_text(row, 6));
	addition_put(&additions, &(struct addition){
		.kind = ADDITION_DELAY, .a = a->jid.domain, .b = str_of(stamp)});
	p = parcel_create(&cause, &(struct parcel_text){
		.from = store_row_text(row, 5),
		.additions = buf_str(&additions),
		.envelope = store_row_text(row, 7)});
	buf_fini(&additions);
	return p;
}

/* BH_EBUSY: the session's queue is full, the rest waits. */
static int give(struct account *a, struct session *s, const struct store_rows *row)
{
	int64_t id = store_row_int(row, 0);
	struct parcel *p;
	int rc;

	if (in_flight(a, id)) {
		a->offline.sent = id;
		return 0;
	}
	p = row_parcel(a, row);
	if (p == NULL)
		return BH_ENOMEM;
	p->row = row_create(a, id);
	rc = deliver_one(p, s);
	if (rc == 0) {
		a->offline.sent = id;
		a->offline.unsent -= a->offline.unsent > 0;
	}
	parcel_unref(&p);
	return rc;
}

static void on_page(void *arg, int rc, struct store_rows *rows)
{
	struct account *a = arg;
	struct session *s = taker(a);
	unsigned n = 0;

	a->offline.sending = false;
	while (rc == 0 && s != NULL && store_row(rows)) {
		n++;
		rc = give(a, s, rows);
	}
	/* What has expired meanwhile is counted no longer. */
	if (rc == 0 && s != NULL && n == 0)
		a->offline.unsent = 0;
	if (rc == 0 && s != NULL && n > 0 && a->offline.unsent > 0)
		offline_send(s);
	account_release(a);
}

void offline_send(struct session *s)
{
	struct account *a = s->account;
	struct store_tx *tx;

	if (a->offline.unsent == 0 || a->offline.sending)
		return;
	a->offline.sending = true;
	account_hold(a);
	tx = store_begin(a->router->store);
	store_text(tx, a->jid.bare);
	store_int(tx, a->offline.sent);
	store_int(tx, PAGE);
	store_do(tx, SQL_OFFLINE_GET);
	store_ask(tx, on_page, a);
}

void offline_row_done(struct offline_row *row)
{
	struct account *a = row->account;

	if (row->done)
		return;
	row->done = true;
	a->offline.rows -= a->offline.rows > 0;
	if (a->router->offline_done == NULL)
		a->router->offline_done = store_begin(a->router->store);
	store_int(a->router->offline_done, row->id);
	store_do(a->router->offline_done, SQL_OFFLINE_DELETE);
}

/* Not done: the next session that takes messages gets it. */
static void returned(struct account *a, const struct offline_row *row)
{
	struct session *s = taker(a);

	a->offline.unsent++;
	if (row->id <= a->offline.sent)
		a->offline.sent = row->id - 1;
	if (s != NULL)
		offline_send(s);
}

void offline_row_free(struct offline_row **row)
{
	struct offline_row *gone = *row;

	*row = NULL;
	if (gone == NULL)
		return;
	list_remove(&gone->link);
	if (!gone->done)
		returned(gone->account, gone);
	account_release(gone->account);
	free(gone);
}

void offline_flush(struct router *r)
{
	struct store_tx *tx = r->offline_done;

	r->offline_done = NULL;
	if (tx != NULL)
		store_commit(tx, NULL, NULL);
}

void offline_tick(struct router *r)
{
	struct store_tx *tx;

	if (r->expire_in-- > 0)
		return;
	r->expire_in = EXPIRE_SECONDS;
	tx = store_begin(r->store);
	store_int(tx, clock_wall() - (int64_t)r->limits.offline_expiry_s);
	store_do(tx, SQL_OFFLINE_EXPIRE);
	store_commit(tx, NULL, NULL);
}
