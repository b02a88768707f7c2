/* Stored messages: in, out, and done. */
#include "routerd/offline.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "daemon/log.h"
#include "routerd/accepted.h"
#include "routerd/account.h"
#include "routerd/counters.h"
#include "routerd/custody.h"
#include "routerd/custody_store.h"
#include "routerd/data.h"
#include "routerd/route.h"
#include "routerd/session.h"
#include "xmpp/addition.h"
#include "xmpp/stanza.h"

enum { AT_ONCE = 100, EXPIRE_SECONDS = 3600 };

static struct session *taker(const struct account *a)
{
	list_for_each(pos, &a->sessions) {
		struct session *s = container_of(pos, struct session, in_account);

		if (session_takes_messages(s))
			return s;
	}
	return NULL;
}

void offline_loaded(struct account *a, uint32_t rows)
{
	struct session *s = taker(a);

	a->offline.rows = rows;
	/* After a restart it may be there already. */
	if (s != NULL)
		offline_send(s);
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
	return a->offline.rows > 0;
}

/* A message that is being stored. */
struct storing {
	struct account *account;
	struct parcel *parcel;
};

static void on_stored(void *arg, int rc)
{
	struct storing *st = arg;
	struct account *a = st->account;
	struct session *s = taker(a);

	if (rc != 0) {
		log_error("store-failed", "account=%s reason=%s", LOG_TEXT(a->text), LOG_TEXT(bh_strerror(rc)));
		a->offline.rows -= a->offline.rows > 0;
		route_unstored(st->parcel);
	} else if (s != NULL) {
		offline_send(s);
	}
	if (rc == 0 && st->parcel->row == 0)
		counter_add(COUNT_MESSAGES_STORED, 1);
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

/* A repetition, after a restart, of what one of its sessions was given. */
static bool given(const struct account *a, const struct parcel *p)
{
	list_for_each(pos, &a->sessions)
		if (accepted_has(a->router, p, container_of(pos, struct session, in_account)))
			return true;
	return false;
}

static void write_row(const struct account *a, const struct parcel *p, struct store_tx *tx)
{
	struct parcel_text text = parcel_text(p);

	if (p->row != 0)
		store_int(tx, p->row);
	else
		store_text(tx, STR_NONE);
	store_text(tx, a->jid.bare);
	store_blob(tx, str_make(p->origin->id.b, sizeof p->origin->id.b));
	store_int(tx, (int64_t)p->number);
	store_int(tx, p->branch);
	store_int(tx, clock_wall());
	store_text(tx, text.from);
	store_blob(tx, text.additions);
	store_blob(tx, text.envelope);
	store_do(tx, SQL_OFFLINE_ADD);
}

int offline_store(struct account *a, struct parcel *p)
{
	struct storing *st;
	struct store_tx *tx;

	if (given(a, p))
		return 0;
	if (p->row == 0 && full(a))
		return BH_EBUSY;
	/* Its row has ended in that transaction. */
	if (p->row != 0)
		custody_store_flush(a->router);
	a->offline.rows++;
	st = bh_alloc(sizeof *st);
	st->account = a;
	st->parcel = parcel_ref(p);
	account_hold(a);
	origin_open(p->origin, p->number);
	tx = store_begin(a->router->store);
	write_row(a, p, tx);
	store_commit(tx, on_stored, st);
	return 0;
}

/* One that was stored before says when it came the first time. */
static bool has_delay(struct str additions)
{
	struct addition a;

	while (addition_take(&additions, &a))
		if (a.kind == ADDITION_DELAY)
			return true;
	return false;
}

static struct bus_id id_of(struct str blob)
{
	struct bus_id id = {{0}};

	memcpy(id.b, blob.p, blob.len < sizeof id.b ? blob.len : sizeof id.b);
	return id;
}

/* One that has waited under another name of the account (rename.h) is for this one. */
static struct str readdress(const struct account *a, struct str envelope, struct buf *memory)
{
	struct stanza s;
	struct jid to;

	if (stanza_decode(envelope, &s) != 0 || s.to.p == NULL)
		return envelope;
	jid_split(s.to, &to);
	if (str_eq(to.bare, a->jid.bare))
		return envelope;
	s.to = a->jid.bare;
	stanza_encode(memory, &s);
	return buf_failed(memory) ? envelope : buf_str(memory);
}

/* The message as it was, and when it came. */
static struct parcel *row_parcel(struct account *a, const struct store_rows *row)
{
	struct bus_id id = id_of(store_row_text(row, 1));
	struct origin *o = origin_known(a->router, &id);
	struct cause cause = {
		.router = a->router, .origin = o, .number = (uint64_t)store_row_int(row, 2)};
	struct buf additions = BUF_INIT, envelope = BUF_INIT;
	char stamp[CLOCK_STAMP_SIZE];
	struct parcel *p;

	clock_stamp(store_row_int(row, 4), stamp);
	buf_put_str(&additions, store_row_text(row, 6));
	if (!has_delay(store_row_text(row, 6)))
		addition_put(&additions, &(struct addition){
			.kind = ADDITION_DELAY, .a = a->jid.domain, .b = str_of(stamp)});
	p = parcel_branch(&cause, (uint32_t)store_row_int(row, 3), &(struct parcel_text){
		.from = store_row_text(row, 5),
		.additions = buf_str(&additions),
		.envelope = readdress(a, store_row_text(row, 7), &envelope)});
	if (p != NULL)
		p->row = store_row_int(row, 0);
	buf_fini(&additions);
	buf_fini(&envelope);
	origin_unref(&o);
	return p;
}

void offline_row_moved(struct store_tx *tx, int64_t row)
{
	store_int(tx, row);
	store_do(tx, SQL_OFFLINE_DELETE);
}

/* BH_EBUSY: the session's queue is full, the rest waits. */
static int give(struct account *a, struct session *s, const struct store_rows *row)
{
	struct parcel *p = row_parcel(a, row);
	int rc = p != NULL ? deliver_one(p, s) : BH_ENOMEM;

	if (rc == 0) {
		custody_moved(p, s);
		a->offline.rows -= a->offline.rows > 0;
	}
	parcel_unref(&p);
	return rc;
}

static bool on_page(void *arg, struct store_rows *rows)
{
	struct account *a = arg;
	struct session *s = taker(a);

	a->offline.found = true;
	while (s != NULL && !a->offline.enough && store_row(rows))
		a->offline.enough = give(a, s, rows) != 0;
	return s != NULL && !a->offline.enough;
}

static void on_read(void *arg, int rc)
{
	struct account *a = arg;
	struct session *s = taker(a);

	a->offline.sending = false;
	if (rc != 0)
		log_error("store-failed", "account=%s reason=%s", LOG_TEXT(a->text), LOG_TEXT(bh_strerror(rc)));
	/* What has expired meanwhile is counted no longer. */
	if (rc == 0 && s != NULL && !a->offline.found)
		a->offline.rows = 0;
	if (rc == 0 && s != NULL && a->offline.found && !a->offline.enough)
		offline_send(s);
	account_release(a);
}

void offline_send(struct session *s)
{
	struct account *a = s->account;
	struct store_tx *tx;

	if (a->offline.rows == 0)
		return;
	if (a->offline.sending) {
		a->offline.enough = false; /* there may be room again */
		return;
	}
	a->offline.sending = true;
	a->offline.found = a->offline.enough = false;
	account_hold(a);
	/* What was given is not read again. */
	custody_store_flush(a->router);
	tx = store_begin(a->router->store);
	store_text(tx, a->jid.bare);
	store_int(tx, AT_ONCE);
	store_do(tx, SQL_OFFLINE_GET);
	store_read(tx, on_page, on_read, a);
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
