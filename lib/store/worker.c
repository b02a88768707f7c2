/* The thread that owns the database and works through the queue. */
#include "store/private.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"

enum {
	GROUP_CHANGES = 256, /* a commit comes after so many, */
	GROUP_NS = 5000000,  /* or so long after the first, */
	QUIET_NS = 500000,   /* or when nobody has asked for anything for so long */
	ENOUGH = 1,	     /* no more rows are wanted */
};

/* The thread's own. */
struct worker {
	struct store *store;
	struct database *db;
	struct list uncommitted; /* done, and waiting for the commit */
	unsigned changes;	 /* in the open transaction */
	uint64_t opened_ns;	 /* since then */
};

/* Back to the loop, which is woken when it has heard of all before. */
static void complete(struct store *st, struct list *done)
{
	bool idle;

	if (list_empty(done))
		return;
	uv_mutex_lock(&st->lock);
	idle = list_empty(&st->completed);
	list_splice(&st->completed, done);
	uv_mutex_unlock(&st->lock);
	if (idle)
		uv_async_send(&st->async);
}

static void note_error(struct worker *w)
{
	struct store *st = w->store;

	uv_mutex_lock(&st->lock);
	snprintf(st->error, sizeof st->error, "%s", database_error(w->db));
	uv_mutex_unlock(&st->lock);
}

/* All that the group has done so far happened, or did not. */
static void settle(struct worker *w, int rc)
{
	list_for_each(pos, &w->uncommitted) {
		struct store_tx *tx = container_of(pos, struct store_tx, link);

		if (tx->rc == 0)
			tx->rc = rc;
	}
	w->changes = 0;
	complete(w->store, &w->uncommitted);
}

static void commit(struct worker *w)
{
	int rc = 0;

	if (database_in_transaction(w->db))
		rc = database_commit(w->db);
	if (rc != 0) {
		note_error(w);
		database_rollback(w->db);
	}
	settle(w, rc);
}

static void bind_param(struct database *db, unsigned statement, int i, const struct param_head *head,
	const char *p)
{
	int64_t n;

	switch (head->type) {
	case COLUMN_INT:
		memcpy(&n, p, sizeof n);
		database_bind_int(db, statement, i, n);
		return;
	case COLUMN_TEXT:
		database_bind_text(db, statement, i, str_make(p, head->len));
		return;
	case COLUMN_BLOB:
		database_bind_blob(db, statement, i, str_make(p, head->len));
		return;
	default:
		database_bind_null(db, statement, i);
	}
}

static void put_column(struct buf *out, struct database *db, unsigned statement, int i)
{
	struct param_head head = {.type = database_column_type(db, statement, i)};
	int64_t n = database_column_int(db, statement, i);
	struct str bytes = {(const char *)&n, sizeof n};

	if (head.type != COLUMN_INT)
		bytes = database_column_bytes(db, statement, i);
	head.len = bytes.len;
	buf_put(out, &head, sizeof head);
	buf_put_str(out, bytes);
}

/* The loop gets the rows so far, and says whether it wants more. */
static int hand_over(struct worker *w, struct store_tx *tx)
{
	struct store *st = w->store;
	struct store_tx *page = store_begin(st);
	struct list one;
	int rc;

	page->page = tx->page;
	page->arg = tx->arg;
	page->is_page = true;
	page->rows = tx->rows;
	tx->rows = BUF_INIT;
	list_init(&one);
	list_append(&one, &page->link);
	st->page_out = true; /* the loop does not look before it has it */
	complete(st, &one);
	uv_mutex_lock(&st->lock);
	while (st->page_out && !st->stopping)
		uv_cond_wait(&st->turned, &st->lock);
	rc = st->stopping ? BH_ECLOSED : st->enough ? ENOUGH : 0;
	uv_mutex_unlock(&st->lock);
	return rc;
}

static int put_row(struct worker *w, unsigned statement, struct store_tx *tx)
{
	uint32_t n = (uint32_t)database_columns(w->db, statement);
	struct buf *rows = &tx->rows;

	buf_put(rows, &n, sizeof n);
	for (uint32_t i = 0; i < n; i++)
		put_column(rows, w->db, statement, (int)i);
	if (buf_failed(rows))
		return BH_ENOMEM;
	if (tx->page != NULL)
		return rows->len >= STORE_PAGE ? hand_over(w, tx) : 0;
	return rows->len <= STORE_ROWS_MAX ? 0 : BH_ETOOBIG;
}

static bool is_question(const struct store_tx *tx)
{
	return tx->asked != NULL || tx->page != NULL;
}

static int run(struct worker *w, unsigned statement, struct store_tx *tx)
{
	int rc, row = 0;

	while ((rc = database_step(w->db, statement)) == 1 && row == 0)
		if (is_question(tx))
			row = put_row(w, statement, tx);
	if (rc < 0)
		note_error(w);
	database_reset(w->db, statement);
	if (row != 0)
		return row;
	return rc < 0 ? rc : 0;
}

/* The next op of the list: takes it off. */
static int run_op(struct worker *w, struct str *ops, struct store_tx *tx)
{
	struct op_head op;

	memcpy(&op, ops->p, sizeof op);
	ops->p += sizeof op;
	ops->len -= (uint32_t)sizeof op;
	for (uint32_t i = 0; i < op.nparams; i++) {
		struct param_head head;

		memcpy(&head, ops->p, sizeof head);
		bind_param(w->db, op.statement, (int)i + 1, &head, ops->p + sizeof head);
		ops->p += sizeof head + head.len;
		ops->len -= (uint32_t)sizeof head + head.len;
	}
	return run(w, op.statement, tx);
}

static int run_ops(struct worker *w, struct store_tx *tx)
{
	struct str ops = buf_str(&tx->ops);
	int rc = 0;

	while (rc == 0 && ops.len > 0)
		rc = run_op(w, &ops, tx);
	return rc == ENOUGH ? 0 : rc;
}

/* Several statements happen together or not at all, whatever else is in the group. */
static int run_whole(struct worker *w, struct store_tx *tx)
{
	int rc;

	if (tx->changes == 1)
		return run_ops(w, tx);
	rc = database_execute(w->db, "SAVEPOINT tx");
	if (rc == 0)
		rc = run_ops(w, tx);
	if (rc != 0 && database_in_transaction(w->db))
		(void)database_execute(w->db, "ROLLBACK TO tx");
	if (database_in_transaction(w->db))
		(void)database_execute(w->db, "RELEASE tx");
	return rc;
}

static int open_group(struct worker *w)
{
	int rc;

	if (database_in_transaction(w->db))
		return 0;
	rc = database_begin(w->db);
	if (rc != 0)
		note_error(w);
	w->opened_ns = clock_ns();
	return rc;
}

static void change(struct worker *w, struct store_tx *tx)
{
	if (tx->rc == 0)
		tx->rc = open_group(w);
	if (tx->rc == 0)
		tx->rc = run_whole(w, tx);
	w->changes += tx->changes;
	list_append(&w->uncommitted, &tx->link);
	/* A full disk may have taken the whole group back. */
	if (!database_in_transaction(w->db))
		settle(w, BH_EIO);
	else if (w->changes >= GROUP_CHANGES)
		commit(w);
}

static void question(struct worker *w, struct store_tx *tx)
{
	struct list one;

	list_init(&one);
	if (tx->rc == 0)
		tx->rc = run_ops(w, tx);
	list_append(&one, &tx->link);
	complete(w->store, &one);
}

/* How long the thread may sleep with what it has; 0: for ever. */
static uint64_t patience(const struct worker *w)
{
	uint64_t age = clock_ns() - w->opened_ns;

	if (!database_in_transaction(w->db))
		return 0;
	if (age >= GROUP_NS)
		return 1;
	return GROUP_NS - age < QUIET_NS ? GROUP_NS - age : QUIET_NS;
}

/* Waits for work; the queue moves to *todo.  false: nothing came in time, or never will. */
static bool take(struct worker *w, struct list *todo)
{
	struct store *st = w->store;
	uint64_t ns = patience(w);
	bool got;

	uv_mutex_lock(&st->lock);
	while (list_empty(&st->queue) && !st->stopping) {
		if (ns == 0)
			uv_cond_wait(&st->wake, &st->lock);
		else if (uv_cond_timedwait(&st->wake, &st->lock, ns) != 0)
			break;
	}
	got = !list_empty(&st->queue);
	list_splice(todo, &st->queue);
	uv_mutex_unlock(&st->lock);
	return got;
}

static bool finished(struct store *st)
{
	bool end;

	uv_mutex_lock(&st->lock);
	end = st->stopping && list_empty(&st->queue);
	uv_mutex_unlock(&st->lock);
	return end;
}

static void checkpoint(struct worker *w, struct store_tx *tx)
{
	struct list one;

	commit(w);
	list_init(&one);
	tx->rc = database_checkpoint(w->db);
	list_append(&one, &tx->link);
	complete(w->store, &one);
}

static void work(struct worker *w, struct list *todo)
{
	while (!list_empty(todo)) {
		struct store_tx *tx = container_of(todo->next, struct store_tx, link);

		list_remove(&tx->link);
		if (tx->checkpoint)
			checkpoint(w, tx);
		else if (is_question(tx))
			question(w, tx);
		else
			change(w, tx);
	}
}

void store_thread(void *store)
{
	struct worker w = {.store = store, .db = ((struct store *)store)->db};
	struct list todo;

	list_init(&todo);
	list_init(&w.uncommitted);
	while (!finished(w.store)) {
		bool got = take(&w, &todo);

		work(&w, &todo);
		if (!got || clock_ns() - w.opened_ns >= GROUP_NS)
			commit(&w);
	}
	commit(&w);
}
