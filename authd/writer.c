/* One thread, one queue, one transaction per group. */
#include "authd/writer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"

enum { GROUP_ROWS = 256, GROUP_NS = 5000000 };

struct writer {
	struct writer_spec spec;
	uv_thread_t thread;
	uv_async_t async;
	void (*stopped)(void *);
	void *stopped_arg;

	uv_mutex_t mutex; /* guards the rest */
	uv_cond_t cond;
	struct list pending;
	unsigned npending;
	struct list done;
	char why[256]; /* the last failure that nobody was told of */
	bool stopping;
};

/* Waits for the first item, then for more of its group.  Moves the group out; false at the
 * end.  Called with the mutex held. */
static bool take_group(struct writer *w, struct list *group)
{
	uint64_t until;

	while (w->npending == 0 && !w->stopping)
		uv_cond_wait(&w->cond, &w->mutex);
	until = uv_hrtime() + GROUP_NS;
	while (w->npending < GROUP_ROWS && !w->stopping) {
		uint64_t now = uv_hrtime();

		if (now >= until || uv_cond_timedwait(&w->cond, &w->mutex, until - now) != 0)
			break;
	}
	for (int i = 0; i < GROUP_ROWS && !list_empty(&w->pending); i++) {
		struct list *link = w->pending.next;

		list_remove(link);
		list_append(group, link);
		w->npending--;
	}
	return !list_empty(group);
}

static int write_items(struct account_db *db, struct list *group)
{
	int rc = account_db_begin(db);

	if (rc < 0)
		return rc;
	list_for_each(link, group) {
		struct account_write *item = container_of(link, struct account_write, link);

		item->rc = account_db_write(db, item);
		if (item->rc == BH_EIO)
			return item->rc;
	}
	return account_db_commit(db);
}

/* A group that fails, fails as a whole: nothing of it is in the store. */
static void write_group(struct writer *w, struct list *group, char *why, size_t size)
{
	why[0] = '\0';
	if (write_items(w->spec.db, group) == 0)
		return;
	snprintf(why, size, "%s", account_db_error(w->spec.db));
	account_db_rollback(w->spec.db);
	list_for_each(link, group)
		container_of(link, struct account_write, link)->rc = BH_EIO;
}

static void writer_run(void *arg)
{
	struct writer *w = arg;
	struct list group;
	char why[sizeof(w->why)];

	list_init(&group);
	uv_mutex_lock(&w->mutex);
	while (take_group(w, &group)) {
		uv_mutex_unlock(&w->mutex);
		write_group(w, &group, why, sizeof(why));
		uv_mutex_lock(&w->mutex);
		list_splice(&w->done, &group);
		if (why[0] != '\0')
			memcpy(w->why, why, sizeof(why));
		uv_async_send(&w->async);
	}
	uv_mutex_unlock(&w->mutex);
}

static void give_back(struct writer *w)
{
	struct list done;
	char why[sizeof(w->why)];

	list_init(&done);
	uv_mutex_lock(&w->mutex);
	list_splice(&done, &w->done);
	memcpy(why, w->why, sizeof(why));
	w->why[0] = '\0';
	uv_mutex_unlock(&w->mutex);
	if (why[0] != '\0')
		w->spec.on_error(w->spec.owner, why);
	while (!list_empty(&done)) {
		struct list *link = done.next;

		list_remove(link);
		w->spec.on_done(w->spec.owner, container_of(link, struct account_write, link));
	}
}

static void on_async(uv_async_t *async)
{
	give_back(async->data);
}

int writer_start(const struct writer_spec *spec, struct writer **out)
{
	struct writer *w = bh_alloc(sizeof(*w));
	int rc;

	w->spec = *spec;
	list_init(&w->pending);
	list_init(&w->done);
	BUG_ON(uv_mutex_init(&w->mutex) != 0 || uv_cond_init(&w->cond) != 0);
	rc = uv_async_init(spec->loop, &w->async, on_async);
	BUG_ON(rc != 0);
	w->async.data = w;
	rc = uv_thread_create(&w->thread, writer_run, w);
	BUG_ON(rc != 0); /* a daemon without threads cannot serve; it has just started */
	*out = w;
	return 0;
}

void writer_submit(struct writer *w, struct account_write *item)
{
	uv_mutex_lock(&w->mutex);
	list_append(&w->pending, &item->link);
	w->npending++;
	if (w->npending == 1 || w->npending >= GROUP_ROWS)
		uv_cond_signal(&w->cond);
	uv_mutex_unlock(&w->mutex);
}

static void on_closed(uv_handle_t *handle)
{
	struct writer *w = handle->data;

	uv_mutex_destroy(&w->mutex);
	uv_cond_destroy(&w->cond);
	account_db_close(&w->spec.db);
	w->stopped(w->stopped_arg);
	free(w);
}

void writer_stop(struct writer **ref, void (*done)(void *), void *arg)
{
	struct writer *w = *ref;

	*ref = NULL;
	w->stopped = done;
	w->stopped_arg = arg;
	uv_mutex_lock(&w->mutex);
	w->stopping = true;
	uv_cond_signal(&w->cond);
	uv_mutex_unlock(&w->mutex);
	uv_thread_join(&w->thread);
	give_back(w);
	uv_close((uv_handle_t *)&w->async, on_closed);
}
