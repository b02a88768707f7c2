/* From rows to news, and what news do to every part alike. */
#include "dirsyncd/following.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "daemon/log.h"
#include "dirsyncd/counters.h"
#include "dirsyncd/data.h"

struct following {
	struct following_spec spec;
	struct follower *follower; /* from when it is loaded until it is stopped */
	struct progress progress;
	struct said said;
	unsigned refresh;
	bool loading;
	bool read;
	bool strange;		 /* one is there that the keeper does not know */
	struct store_tx *tx;	 /* of the batch of news; NULL: nothing to write */
	size_t bytes;		 /* of these news */
	void (*done)(void *arg); /* set: it ends */
	void *done_arg;
};

static const char *server_event_name(enum followed_part part)
{
	static const char *const names[] = {[FOLLOWED_PEOPLE] = "directory-server", [FOLLOWED_GROUPS] = "groups-server"};

	return names[part];
}

static const char *lost_event_name(enum followed_part part)
{
	static const char *const names[] = {[FOLLOWED_PEOPLE] = "directory-lost", [FOLLOWED_GROUPS] = "groups-lost"};

	return names[part];
}

/* ---- the store ----------------------------------------------------------------------------- */

struct store_tx *following_tx(struct following *f)
{
	if (f->tx == NULL)
		f->tx = store_begin(f->spec.owner->store);
	return f->tx;
}

struct store_tx *following_row(struct following *f)
{
	struct store_tx *tx = following_tx(f);

	store_text(tx, str_of(f->spec.directory->name));
	return tx;
}

void following_flush(struct following *f)
{
	if (f->tx != NULL)
		backlog_commit(&f->spec.owner->backlog, f->tx, f->bytes);
	f->tx = NULL;
	f->bytes = 0;
}

static struct str source_digest(const struct following *f)
{
	return str_make(f->spec.digest, DN_DIGEST_SIZE);
}

static void write_cookie(struct following *f, struct str cookie)
{
	struct store_tx *tx = following_row(f);

	store_blob(tx, cookie);
	store_blob(tx, source_digest(f));
	store_do(tx, f->spec.kind->cookie_put);
}

/* ---- news ---------------------------------------------------------------------------------- */

static void on_server(struct following *f, const struct news *n)
{
	log_info(server_event_name(f->spec.kind->part), "directory=%s server=%s follow=%s",
		LOG_TEXT(f->spec.directory->name), LOG_STR(n->text), n->polls ? "poll" : "sync");
}

static void on_begin(struct following *f, const struct news *n)
{
	(void)n;
	f->refresh++;
	f->strange = false;
	if (f->spec.kind->begin != NULL)
		f->spec.kind->begin(f->spec.arg);
}

static void on_entry(struct following *f, const struct news *n)
{
	count_add(COUNT_CHANGES, 1);
	f->spec.kind->entry(f->spec.arg, n);
}

static void on_present(struct following *f, const struct news *n)
{
	f->strange |= !f->spec.kind->present(f->spec.arg, n->uuid);
}

static void on_gone(struct following *f, const struct news *n)
{
	said_forget(&f->said, n->uuid);
	f->spec.kind->gone(f->spec.arg, n->uuid);
}

/* That stands in the store, whether a cookie comes or not. */
static void all_read(struct following *f)
{
	if (f->read)
		return;
	f->read = true;
	write_cookie(f, STR_LIT(""));
	f->spec.kind->read(f->spec.arg);
}

/* What is there as before, and is not known, has been missed: all is read again. */
static void on_refreshed(struct following *f, const struct news *n)
{
	f->spec.kind->refreshed(f->spec.arg, n->whole, n->whole || f->progress.state != PROGRESS_POLLING);
	all_read(f);
	if (f->strange)
		follower_again(f->follower, true);
}

static void on_cookie(struct following *f, const struct news *n)
{
	write_cookie(f, n->text);
}

static void on_lost(struct following *f, const struct news *n)
{
	count_add(COUNT_LOST, 1);
	log_warn(lost_event_name(f->spec.kind->part), "directory=%s reason=%s", LOG_TEXT(f->spec.directory->name),
		LOG_STR(n->text));
}

static void on_news(void *arg, const struct news *n)
{
	static const struct {
		void (*take)(struct following *f, const struct news *n);
		bool noted; /* only where it is another than before */
	} handlers[] = {
		[NEWS_SERVER] = {on_server, true}, [NEWS_BEGIN] = {on_begin, false},
		[NEWS_ENTRY] = {on_entry, false}, [NEWS_PRESENT] = {on_present, false},
		[NEWS_GONE] = {on_gone, false}, [NEWS_REFRESHED] = {on_refreshed, false},
		[NEWS_COOKIE] = {on_cookie, false}, [NEWS_LOST] = {on_lost, true},
	};
	struct following *f = arg;
	bool other = progress_news(&f->progress, n);

	f->bytes += n->text.len;
	if (other || !handlers[n->kind].noted)
		handlers[n->kind].take(f, n);
}

static void on_batch(void *arg)
{
	following_flush(arg);
}

/* ---- coming and going ---------------------------------------------------------------------- */

static void on_stopped(void *arg)
{
	struct following *f = arg;
	void (*done)(void *) = f->done;
	void *done_arg = f->done_arg;

	said_fini(&f->said);
	progress_fini(&f->progress);
	free(f);
	done(done_arg);
}

static void follow(struct following *f, struct str cookie)
{
	const struct follower_spec spec = {
		.directory = f->spec.directory,
		.source = f->spec.source,
		.loop = f->spec.owner->daemon->loop,
		.each = on_news,
		.batch = on_batch,
		.backlog = &f->spec.owner->backlog,
		.arg = f,
	};

	f->follower = follower_start(&spec, cookie);
}

/* Empty: of a directory that is polled. */
static void take_cookie(struct following *f, const struct store_rows *row, struct str *cookie)
{
	if (!str_eq(store_row_text(row, 2), source_digest(f)))
		return;
	*cookie = store_row_text(row, 1);
	f->read = true;
}

static void take_rows(struct following *f, struct store_rows *rows, struct str *cookie)
{
	while (store_row(rows)) {
		if (store_row_int(rows, 0) == f->spec.kind->cookie_row)
			take_cookie(f, rows, cookie);
		else
			f->spec.kind->row(f->spec.arg, rows);
	}
}

static void on_loaded(void *arg, int rc, struct store_rows *rows)
{
	struct following *f = arg;
	struct str cookie = STR_NONE;

	f->loading = false;
	if (rc != 0)
		log_error("store-failed", "reason=%s", LOG_TEXT(bh_strerror(rc)));
	if (f->done != NULL) {
		on_stopped(f);
		return;
	}
	if (rc == 0)
		take_rows(f, rows, &cookie);
	if (f->read)
		f->spec.kind->read(f->spec.arg);
	if (f->spec.kind->loaded != NULL)
		f->spec.kind->loaded(f->spec.arg);
	follow(f, cookie);
}

struct following *following_create(const struct following_spec *spec)
{
	struct following *f = bh_alloc(sizeof *f);

	f->spec = *spec;
	return f;
}

void following_load(struct following *f)
{
	struct store_tx *tx = store_begin(f->spec.owner->store);

	for (unsigned i = 0; i < f->spec.kind->nquestions; i++) {
		store_text(tx, str_of(f->spec.directory->name));
		store_do(tx, f->spec.kind->questions[i]);
	}
	f->loading = true;
	store_ask(tx, on_loaded, f);
}

void following_stop(struct following **ref, void (*done)(void *arg), void *arg)
{
	struct following *f = *ref;

	*ref = NULL;
	f->done = done;
	f->done_arg = arg;
	if (f->follower != NULL)
		follower_stop(&f->follower, on_stopped, f);
	else if (!f->loading)
		on_stopped(f);
}

/* ---- what the keeper asks ------------------------------------------------------------------ */

const struct progress *following_progress(const struct following *f)
{
	return &f->progress;
}

unsigned following_refresh(const struct following *f)
{
	return f->refresh;
}

bool following_is_loaded(const struct following *f)
{
	return f->follower != NULL;
}

bool following_is_read(const struct following *f)
{
	return f->read;
}

struct said *following_said(struct following *f)
{
	return &f->said;
}

void following_again(struct following *f, bool anew)
{
	if (f->follower != NULL)
		follower_again(f->follower, anew);
}
