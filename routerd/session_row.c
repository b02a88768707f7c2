/* Rows of sessions. */
#include "routerd/session_row.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "daemon/log.h"
#include "routerd/data.h"
#include "routerd/front.h"
#include "routerd/session_state.h"

static void put_id(struct store_tx *tx, const struct bus_id *id)
{
	store_blob(tx, str_make((const char *)id->b, sizeof id->b));
}

static struct bus_id take_id(struct str blob)
{
	struct bus_id id = {{0}};

	if (blob.len == sizeof id.b)
		memcpy(id.b, blob.p, sizeof id.b);
	return id;
}

void session_row_put(struct store_tx *tx, const struct session_row *row)
{
	put_id(tx, &row->id);
	store_text(tx, row->jid);
	store_text(tx, row->instance);
	put_id(tx, &row->boot);
	store_int(tx, row->epoch);
	store_int(tx, row->since);
	store_int(tx, row->asleep_since);
	store_int(tx, (int64_t)row->generation);
	store_text(tx, row->mechanism);
	store_int(tx, row->sm);
	store_int(tx, row->resume_s);
	store_int(tx, (int64_t)row->in_base);
	store_int(tx, (int64_t)row->out_base);
	store_int(tx, (int64_t)row->in_number);
	store_int(tx, (int64_t)row->acked);
	store_int(tx, (int64_t)row->sent);
	store_blob(tx, row->state);
	store_int(tx, row->kind);
	store_do(tx, SQL_SESSION_PUT);
}

void session_row_take(const struct store_rows *rows, struct session_row *row)
{
	*row = (struct session_row){
		.id = take_id(store_row_text(rows, 1)),
		.jid = store_row_text(rows, 2),
		.instance = store_row_text(rows, 3),
		.boot = take_id(store_row_text(rows, 4)),
		.epoch = (uint32_t)store_row_int(rows, 5),
		.since = store_row_int(rows, 6),
		.asleep_since = store_row_int(rows, 7),
		.generation = (uint64_t)store_row_int(rows, 8),
		.mechanism = store_row_text(rows, 9),
		.sm = store_row_int(rows, 10) != 0,
		.resume_s = (uint32_t)store_row_int(rows, 11),
		.in_base = (uint64_t)store_row_int(rows, 12),
		.out_base = (uint64_t)store_row_int(rows, 13),
		.in_number = (uint64_t)store_row_int(rows, 14),
		.acked = (uint64_t)store_row_int(rows, 15),
		.sent = (uint64_t)store_row_int(rows, 16),
		.state = store_row_text(rows, 17),
		.kind = (uint8_t)store_row_int(rows, 18),
	};
}

/* Who carries it, or will when the store knows; NULL: nobody. */
static const struct front *carrier(const struct session *s)
{
	if (s->connection != NULL)
		return s->connection->front;
	return s->sealing && s->wanted != NULL ? s->wanted->front : NULL;
}

static uint8_t kind_of(const struct session *s)
{
	return s->pair != NULL ? SESSION_PAIR : s->proofs != NULL ? SESSION_PROOFS : SESSION_OWNED;
}

void session_write(struct session *s, struct store_tx *tx)
{
	const struct front *front = carrier(s);
	struct buf state = BUF_INIT;

	session_state_put(s, &state);
	session_row_put(tx, &(struct session_row){
		.id = s->origin->id,
		.jid = s->jid.full,
		.instance = front != NULL ? str_of(front->peer->instance) : STR_LIT(""),
		.boot = front != NULL ? front->peer->boot : (struct bus_id){{0}},
		.epoch = s->epoch,
		.since = s->since,
		.asleep_since = front != NULL ? 0 : s->asleep_since,
		.generation = s->generation,
		.mechanism = str_of(s->mechanism),
		.sm = s->sm || s->enabling,
		.resume_s = s->resume_s,
		.in_base = s->in_base,
		.out_base = s->out_base,
		.in_number = s->origin->safe,
		.acked = s->acked,
		.sent = s->sent,
		.state = buf_str(&state),
		.kind = kind_of(s)});
	buf_fini(&state);
}

void session_unwrite(const struct bus_id *id, struct store_tx *tx)
{
	put_id(tx, id);
	store_do(tx, SQL_SESSION_DELETE);
	put_id(tx, id);
	store_do(tx, SQL_QUEUED_DELETE);
	put_id(tx, id);
	store_int(tx, INT64_MAX);
	store_do(tx, SQL_OUTBOX_DELETE);
}

void session_changed(struct session *s, const struct cause *cause)
{
	struct router *r = s->origin->router;

	if (list_empty(&s->changed))
		list_append(&r->changed, &s->changed);
	if (cause == NULL)
		return;
	origin_open(cause->origin, cause->number);
	origin_ref(cause->origin);
	buf_put(&r->changed_by, cause, sizeof *cause);
}

void session_set(struct session *s, bool *flag, bool value, const struct cause *cause)
{
	if (*flag == value)
		return;
	*flag = value;
	session_changed(s, cause);
}

static void on_written(void *arg, int rc)
{
	struct buf *causes = arg;
	struct cause cause;

	if (rc != 0)
		log_error("store-failed", "reason=%s", LOG_TEXT(bh_strerror(rc)));
	for (size_t at = 0; at < causes->len; at += sizeof cause) {
		memcpy(&cause, causes->data + at, sizeof cause);
		origin_close(cause.origin, cause.number);
		origin_unref(&cause.origin);
	}
	buf_fini(causes);
	free(causes);
}

void session_rows_flush(struct router *r)
{
	struct store_tx *tx;
	struct buf *causes;

	if (list_empty(&r->changed) && r->changed_by.len == 0)
		return;
	tx = store_begin(r->store);
	while (!list_empty(&r->changed)) {
		struct session *s = container_of(r->changed.next, struct session, changed);

		list_remove(&s->changed);
		session_write(s, tx);
	}
	causes = bh_alloc(sizeof *causes);
	*causes = r->changed_by;
	r->changed_by = BUF_INIT;
	store_commit(tx, on_written, causes);
}
