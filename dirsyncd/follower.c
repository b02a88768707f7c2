/* The thread, and the queue between it and the loop. */
#include "dirsyncd/follower.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/list.h"
#include "base/records.h"

enum { QUEUED_MAX = 1024 * 1024, AGAIN_MS = 1000 };

struct follower {
	struct directory *directory;
	struct follower_spec spec;
	pthread_t thread;
	pthread_mutex_t mutex; /* of what stands here */
	pthread_cond_t changed;
	struct records queue; /* a struct news and its text */
	bool stopping, ended;
	uv_async_t async;
	struct backlog_waiter waiter;
	struct buf cookie; /* of the thread: the last one */
	struct buf record; /* of the thread: what was read of an entry */
	void (*done)(void *arg);
	void *done_arg;
};

/* ---- the thread -------------------------------------------------------------------------- */

static void tell(struct follower *f, const struct news *news)
{
	char *at;

	pthread_mutex_lock(&f->mutex);
	while (f->queue.buf.len - f->queue.head > QUEUED_MAX && !f->stopping)
		pthread_cond_wait(&f->changed, &f->mutex);
	at = records_add(&f->queue, sizeof *news + news->text.len);
	if (at != NULL) {
		memcpy(at, news, sizeof *news);
		if (news->text.len > 0)
			memcpy(at + sizeof *news, news->text.p, news->text.len);
	}
	pthread_mutex_unlock(&f->mutex);
	uv_async_send(&f->async);
}

static void tell_uuid(struct follower *f, enum news_kind kind, const uint8_t uuid[UUID_SIZE])
{
	struct news news = {.kind = kind};

	memcpy(news.uuid, uuid, UUID_SIZE);
	tell(f, &news);
}

static void on_entry(void *arg, const uint8_t uuid[UUID_SIZE], const struct direntry *entry)
{
	struct follower *f = arg;
	struct news news = {.kind = NEWS_ENTRY};

	memcpy(news.uuid, uuid, UUID_SIZE);
	buf_clear(&f->record);
	f->spec.source.read(f->spec.source.arg, entry, &f->record);
	news.text = buf_str(&f->record);
	tell(f, &news);
}

static void on_present(void *arg, const uint8_t uuid[UUID_SIZE])
{
	tell_uuid(arg, NEWS_PRESENT, uuid);
}

static void on_gone(void *arg, const uint8_t uuid[UUID_SIZE])
{
	tell_uuid(arg, NEWS_GONE, uuid);
}

static void on_refreshed(void *arg, bool whole)
{
	struct follower *f = arg;

	tell(f, &(struct news){.kind = NEWS_REFRESHED, .whole = whole || f->cookie.len == 0});
}

static void on_cookie(void *arg, struct str cookie)
{
	struct follower *f = arg;

	buf_clear(&f->cookie);
	buf_put_str(&f->cookie, cookie);
	tell(f, &(struct news){.kind = NEWS_COOKIE, .text = cookie});
}

static bool is_over(void *arg)
{
	struct follower *f = arg;
	bool over;

	pthread_mutex_lock(&f->mutex);
	over = f->stopping;
	pthread_mutex_unlock(&f->mutex);
	return over;
}

static const struct dirsync_handlers handlers = {.entry = on_entry, .present = on_present, .gone = on_gone,
	.refreshed = on_refreshed, .cookie = on_cookie, .over = is_over};

static int follow(struct follower *f, struct dirconn *c, char *why)
{
	const struct source *source = &f->spec.source;
	const struct dirsync sync = {.base = source->base, .filter = source->filter, .attributes = source->attributes,
		.cookie = f->cookie.len > 0 ? buf_str(&f->cookie) : STR_NONE};
	int rc;

	tell(f, &(struct news){.kind = NEWS_BEGIN, .whole = f->cookie.len == 0});
	rc = dirconn_follow(c, &sync, &handlers, f, why);
	if (rc == BH_ENOTFOUND)
		buf_clear(&f->cookie);
	return rc;
}

static void wait_a_little(struct follower *f)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += AGAIN_MS / 1000;
	pthread_mutex_lock(&f->mutex);
	if (!f->stopping)
		(void)pthread_cond_timedwait(&f->changed, &f->mutex, &until);
	pthread_mutex_unlock(&f->mutex);
}

static void *run(void *arg)
{
	struct follower *f = arg;

	while (!is_over(f)) {
		char why[DIRCONN_WHY_SIZE] = "";
		struct dirconn *c = NULL;
		int rc = dirconn_open(f->directory, true, &c, why);

		if (rc == 0)
			rc = follow(f, c, why);
		dirconn_close(&c);
		if (rc == 0 || is_over(f))
			break;
		tell(f, &(struct news){.kind = NEWS_LOST, .text = str_of(why)});
		wait_a_little(f);
	}
	pthread_mutex_lock(&f->mutex);
	f->ended = true;
	pthread_mutex_unlock(&f->mutex);
	uv_async_send(&f->async);
	return NULL;
}

/* ---- the loop ------------------------------------------------------------------------------ */

static void on_closed(uv_handle_t *handle)
{
	struct follower *f = handle->data;
	void (*done)(void *) = f->done;
	void *arg = f->done_arg;

	records_fini(&f->queue);
	buf_fini(&f->cookie);
	buf_fini(&f->record);
	pthread_mutex_destroy(&f->mutex);
	pthread_cond_destroy(&f->changed);
	directory_unref(&f->directory);
	free(f);
	done(arg);
}

static void tell_all(const struct follower *f, const struct records *queue)
{
	uint64_t at = records_first(queue);
	struct str record;
	struct news news;
	bool any = false;

	while (records_next(queue, &at, &record)) {
		memcpy(&news, record.p, sizeof news);
		news.text = news.text.p != NULL ? str_make(record.p + sizeof news, record.len - sizeof news) : STR_NONE;
		f->spec.each(f->spec.arg, &news);
		any = true;
	}
	if (any)
		f->spec.batch(f->spec.arg);
}

static void on_room(struct backlog_waiter *w)
{
	uv_async_send(&container_of(w, struct follower, waiter)->async);
}

static void on_async(uv_async_t *async)
{
	struct follower *f = async->data;
	struct records queue;
	bool stopping, ended;

	if (f->done == NULL && backlog_wait(f->spec.backlog, &f->waiter))
		return;
	pthread_mutex_lock(&f->mutex);
	queue = f->queue;
	f->queue = RECORDS_INIT;
	stopping = f->stopping;
	ended = f->ended;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->mutex);
	if (!stopping)
		tell_all(f, &queue);
	records_fini(&queue);
	if (!ended || uv_is_closing((uv_handle_t *)async))
		return;
	pthread_join(f->thread, NULL);
	uv_close((uv_handle_t *)async, on_closed);
}

struct follower *follower_start(const struct follower_spec *spec, struct str cookie)
{
	struct follower *f = bh_alloc(sizeof *f);
	sigset_t all, before;

	f->spec = *spec;
	f->directory = directory_ref(spec->directory);
	f->queue = RECORDS_INIT;
	buf_put_str(&f->cookie, cookie);
	pthread_mutex_init(&f->mutex, NULL);
	pthread_cond_init(&f->changed, NULL);
	uv_async_init(spec->loop, &f->async, on_async);
	f->async.data = f;
	f->waiter.go_on = on_room;
	list_init(&f->waiter.link);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	f->ended = pthread_create(&f->thread, NULL, run, f) != 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return f;
}

void follower_stop(struct follower **ref, void (*done)(void *arg), void *arg)
{
	struct follower *f = *ref;

	*ref = NULL;
	f->done = done;
	f->done_arg = arg;
	list_remove(&f->waiter.link);
	pthread_mutex_lock(&f->mutex);
	f->stopping = true;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->mutex);
	uv_async_send(&f->async);
}
