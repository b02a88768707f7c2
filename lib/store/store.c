/* The queue between the loop and the thread that owns the database. */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "store/private.h"

/* The thread may go on. */
static void turn_page(struct store *st, bool more)
{
	uv_mutex_lock(&st->lock);
	st->page_out = false;
	st->enough = !more;
	uv_cond_signal(&st->turned);
	uv_mutex_unlock(&st->lock);
}

static void answer(struct store_tx *tx)
{
	struct store_rows rows = {.rest = buf_str(&tx->rows)};

	if (tx->is_page) {
		turn_page(tx->store, tx->page(tx->arg, &rows));
		return;
	}
	if (tx->page != NULL && tx->rc == 0 && tx->rows.len > 0)
		(void)tx->page(tx->arg, &rows);
	if (tx->asked != NULL)
		tx->asked(tx->arg, tx->rc, tx->rc == 0 ? &rows : NULL);
	else if (tx->done != NULL)
		tx->done(tx->arg, tx->rc);
}

static void on_completed(uv_async_t *async)
{
	struct store *st = async->data;
	struct list done;

	list_init(&done);
	uv_mutex_lock(&st->lock);
	list_splice(&done, &st->completed);
	uv_mutex_unlock(&st->lock);
	while (!list_empty(&done)) {
		struct store_tx *tx = container_of(done.next, struct store_tx, link);

		list_remove(&tx->link);
		st->backlog -= tx->changes;
		answer(tx);
		store_tx_free(tx);
	}
}

int store_open(const struct store_spec *spec, struct store **out, char *what, size_t what_size)
{
	struct store *st = bh_alloc(sizeof *st);
	int rc;

	st->spec = *spec;
	list_init(&st->queue);
	list_init(&st->completed);
	rc = database_open(&(struct database_spec){
		.path = spec->path,
		.migrations = spec->migrations,
		.statements = spec->statements,
		.nstatements = spec->nstatements,
		.durable = spec->durable,
		.wipe = spec->wipe,
	}, &st->db, what, what_size);
	if (rc == 0)
		*out = st;
	else
		free(st);
	return rc;
}

int store_start(struct store *st, uv_loop_t *loop)
{
	int rc = uv_async_init(loop, &st->async, on_completed);

	if (rc != 0)
		return rc;
	st->async.data = st;
	uv_unref((uv_handle_t *)&st->async);
	uv_mutex_init(&st->lock);
	uv_cond_init(&st->wake);
	uv_cond_init(&st->turned);
	st->started = true;
	return uv_thread_create(&st->thread, store_thread, st);
}

static void on_async_closed(uv_handle_t *handle)
{
	struct store *st = handle->data;
	void (*stopped)(void *) = st->stopped;
	void *arg = st->stopped_arg;

	uv_mutex_destroy(&st->lock);
	uv_cond_destroy(&st->wake);
	uv_cond_destroy(&st->turned);
	free(st);
	stopped(arg);
}

void store_stop(struct store **store, void (*done)(void *arg), void *arg)
{
	struct store *st = *store;

	*store = NULL;
	if (st == NULL) {
		done(arg);
		return;
	}
	if (!st->started) {
		database_close(&st->db);
		free(st);
		done(arg);
		return;
	}
	st->stopped = done;
	st->stopped_arg = arg;
	uv_mutex_lock(&st->lock);
	st->stopping = true;
	uv_cond_signal(&st->wake);
	uv_cond_signal(&st->turned);
	uv_mutex_unlock(&st->lock);
	uv_thread_join(&st->thread);
	on_completed(&st->async);
	database_close(&st->db);
	uv_close((uv_handle_t *)&st->async, on_async_closed);
}

struct store_tx *store_begin(struct store *store)
{
	struct store_tx *tx = bh_alloc(sizeof *tx);

	tx->store = store;
	list_init(&tx->link);
	return tx;
}

void store_tx_free(struct store_tx *tx)
{
	buf_fini(&tx->ops);
	buf_fini(&tx->params);
	buf_fini(&tx->rows);
	free(tx);
}

static void put_param(struct store_tx *tx, enum column_type type, const void *p, uint32_t len)
{
	struct param_head head = {.type = type, .len = len};

	buf_put(&tx->params, &head, sizeof head);
	buf_put(&tx->params, p, len);
	tx->nparams++;
}

void store_int(struct store_tx *tx, int64_t value)
{
	put_param(tx, COLUMN_INT, &value, sizeof value);
}

void store_text(struct store_tx *tx, struct str value)
{
	put_param(tx, value.p != NULL ? COLUMN_TEXT : COLUMN_NULL, value.p, value.len);
}

void store_blob(struct store_tx *tx, struct str value)
{
	put_param(tx, value.p != NULL ? COLUMN_BLOB : COLUMN_NULL, value.p, value.len);
}

void store_do(struct store_tx *tx, unsigned statement)
{
	struct op_head head = {.statement = statement, .nparams = tx->nparams};

	BUG_ON(statement >= tx->store->spec.nstatements);
	buf_put(&tx->ops, &head, sizeof head);
	buf_put_str(&tx->ops, buf_str(&tx->params));
	buf_clear(&tx->params);
	tx->nparams = 0;
	tx->changes++;
}

static void enqueue(struct store_tx *tx)
{
	struct store *st = tx->store;
	bool idle;

	if (buf_failed(&tx->ops) || buf_failed(&tx->params))
		tx->rc = BH_ENOMEM;
	uv_mutex_lock(&st->lock);
	idle = list_empty(&st->queue);
	list_append(&st->queue, &tx->link);
	/* The thread takes all at once: it is woken for the first. */
	if (idle)
		uv_cond_signal(&st->wake);
	uv_mutex_unlock(&st->lock);
}

void store_commit(struct store_tx *tx, void (*done)(void *arg, int rc), void *arg)
{
	tx->done = done;
	tx->arg = arg;
	tx->store->backlog += tx->changes;
	enqueue(tx);
}

void store_ask(struct store_tx *tx, void (*done)(void *arg, int rc, struct store_rows *rows),
	void *arg)
{
	tx->asked = done;
	tx->arg = arg;
	tx->store->backlog += tx->changes;
	enqueue(tx);
}

void store_read(struct store_tx *tx, bool (*page)(void *arg, struct store_rows *rows),
	void (*done)(void *arg, int rc), void *arg)
{
	tx->page = page;
	store_commit(tx, done, arg);
}

void store_checkpoint(struct store *store, void (*done)(void *arg, int rc), void *arg)
{
	struct store_tx *tx = store_begin(store);

	tx->checkpoint = true;
	tx->done = done;
	tx->arg = arg;
	enqueue(tx);
}

const char *store_error(struct store *store, char *text, size_t size)
{
	uv_mutex_lock(&store->lock);
	snprintf(text, size, "%s", store->error);
	uv_mutex_unlock(&store->lock);
	return text;
}

size_t store_backlog(const struct store *store)
{
	return store->backlog;
}

/* A row is a count of columns, and each column a param. */
bool store_row(struct store_rows *rows)
{
	uint32_t n;

	if (rows->rest.len < sizeof n)
		return false;
	memcpy(&n, rows->rest.p, sizeof n);
	rows->rest.p += sizeof n;
	rows->rest.len -= (uint32_t)sizeof n;
	for (uint32_t i = 0; i < n; i++) {
		struct param_head head;

		memcpy(&head, rows->rest.p, sizeof head);
		rows->columns[i].type = (enum column_type)head.type;
		rows->columns[i].value = str_make(rows->rest.p + sizeof head, head.len);
		rows->rest.p += sizeof head + head.len;
		rows->rest.len -= (uint32_t)(sizeof head + head.len);
	}
	return true;
}

int64_t store_row_int(const struct store_rows *rows, unsigned column)
{
	int64_t value = 0;

	if (rows->columns[column].type == COLUMN_INT)
		memcpy(&value, rows->columns[column].value.p, sizeof value);
	return value;
}

struct str store_row_text(const struct store_rows *rows, unsigned column)
{
	const struct column *c = &rows->columns[column];

	return c->type == COLUMN_TEXT || c->type == COLUMN_BLOB ? c->value : STR_NONE;
}
