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
#include "directory/poll.h"

enum { QUEUED_MAX = 1024 * 1024, AGAIN_S = 1 };

struct follower {
	struct directory *directory;
	struct follower_spec spec;
	pthread_t thread;
	pthread_mutex_t mutex; /* of what stands here */
	pthread_cond_t changed;
	struct records queue; /* a struct news and its text */
	bool stopping, ended;
	bool again, anew; /* it is to look at once, and as if nothing were known */
	uv_async_t async;
	struct backlog_waiter waiter;
	/* Of the thread: */
	struct dirsync sync;
	struct dirpoll *poll;
	struct buf cookie; /* the last one */
	struct buf record; /* what was read of an entry */
	bool whole;	   /* the refresh is, whatever the server says */
	bool cannot;	   /* the server says that it can be followed, and cannot */
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

static void on_begin(void *arg, bool whole)
{
	struct follower *f = arg;

	f->whole = whole;
	tell(f, &(struct news){.kind = NEWS_BEGIN, .whole = whole});
}

static void on_refreshed(void *arg, bool whole)
{
	struct follower *f = arg;

	tell(f, &(struct news){.kind = NEWS_REFRESHED, .whole = whole || f->whole});
}

static void on_cookie(void *arg, struct str cookie)
{
	struct follower *f = arg;

	buf_clear(&f->cookie);
	buf_put_str(&f->cookie, cookie);
	tell(f, &(struct news){.kind = NEWS_COOKIE, .text = cookie});
}

static bool is_stopping(struct follower *f)
{
	bool stopping;

	pthread_mutex_lock(&f->mutex);
	stopping = f->stopping;
	pthread_mutex_unlock(&f->mutex);
	return stopping;
}

static bool is_over(void *arg)
{
	struct follower *f = arg;
	bool over;

	pthread_mutex_lock(&f->mutex);
	over = f->stopping || f->again;
	pthread_mutex_unlock(&f->mutex);
	return over;
}

static const struct dirsync_handlers handlers = {.begin = on_begin, .entry = on_entry, .present = on_present,
	.gone = on_gone, .refreshed = on_refreshed, .cookie = on_cookie, .over = is_over};

static void forget_all(struct follower *f)
{
	buf_clear(&f->cookie);
	dirpoll_free(&f->poll);
}

static void take_orders(struct follower *f)
{
	bool anew;

	pthread_mutex_lock(&f->mutex);
	anew = f->anew;
	f->again = f->anew = false;
	pthread_mutex_unlock(&f->mutex);
	if (anew)
		forget_all(f);
}

/* Or until there is something else to do. */
static void wait_s(struct follower *f, unsigned seconds)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += seconds;
	pthread_mutex_lock(&f->mutex);
	while (!f->stopping && !f->again && pthread_cond_timedwait(&f->changed, &f->mutex, &until) == 0)
		;
	pthread_mutex_unlock(&f->mutex);
}

static int follow(struct follower *f, struct dirconn *c, char *why)
{
	struct dirsync sync = f->sync;

	sync.cookie = f->cookie.len > 0 ? buf_str(&f->cookie) : STR_NONE;
	return dirconn_follow(c, &sync, &handlers, f, why);
}

static int poll(struct follower *f, struct dirconn *c, char *why)
{
	if (f->poll == NULL)
		f->poll = dirpoll_create(&f->sync, &handlers, f);
	return dirpoll_round(f->poll, c, why);
}

static int choose(struct follower *f, struct dirconn *c, bool *polls, char *why)
{
	bool can = true;
	int rc = 0;

	if (f->directory->follow == FOLLOW_AUTO && !f->cannot)
		rc = dirconn_can_follow(c, &can, why);
	*polls = f->directory->follow == FOLLOW_POLL || f->cannot || !can;
	return rc;
}

/* As long as the connection lasts, or for one round. */
static int use(struct follower *f, struct dirconn *c, bool *polls, char *why)
{
	int rc = choose(f, c, polls, why);

	if (rc != 0)
		return rc;
	tell(f, &(struct news){.kind = NEWS_SERVER, .polls = *polls, .text = str_of(dirconn_server(c))});
	rc = *polls ? poll(f, c, why) : follow(f, c, why);
	if (rc == BH_ENOTFOUND)
		forget_all(f);
	f->cannot |= rc == BH_EPROTO && !*polls && f->directory->follow == FOLLOW_AUTO;
	return rc;
}

/* What is wrong is said, unless to begin again puts it right. */
static void go_on(struct follower *f, int rc, bool polls, const char *why)
{
	if (rc == 0 && polls)
		wait_s(f, f->directory->poll_s);
	if (rc == 0 || rc == BH_ENOTFOUND || (rc == BH_EPROTO && f->cannot && !polls))
		return;
	tell(f, &(struct news){.kind = NEWS_LOST, .text = str_of(why)});
	wait_s(f, AGAIN_S);
}

static void *run(void *arg)
{
	struct follower *f = arg;

	while (!is_stopping(f)) {
		char why[DIRCONN_WHY_SIZE] = "";
		struct dirconn *c = NULL;
		bool polls = false;
		int rc;

		take_orders(f);
		rc = dirconn_open(f->directory, true, &c, why);
		if (rc == 0)
			rc = use(f, c, &polls, why);
		else
			f->cannot = false; /* when it is back it may be another one */
		dirconn_close(&c);
		if (!is_over(f))
			go_on(f, rc, polls, why);
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
	dirpoll_free(&f->poll);
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
	f->sync = (struct dirsync){
		.base = spec->source.base, .filter = spec->source.filter, .attributes = spec->source.attributes};
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

void follower_again(struct follower *f, bool anew)
{
	pthread_mutex_lock(&f->mutex);
	f->again = true;
	f->anew |= anew;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->mutex);
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
