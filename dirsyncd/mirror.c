/* What is new is held against what was known. */
#include "dirsyncd/mirror.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/list.h"
#include "bus/textlist.h"
#include "daemon/log.h"
#include "dirsyncd/counters.h"
#include "dirsyncd/fate.h"
#include "xmpp/jid.h"

static void destroy(struct mirror *m)
{
	knowns_fini(&m->knowns);
	departures_fini(&m->departures);
	progress_fini(&m->progress);
	said_fini(&m->said);
	person_source_fini(&m->source);
	for (size_t i = 0; i < m->ndomains; i++)
		free(m->domains[i]);
	free(m->domains);
	directory_unref(&m->directory);
	free(m);
}

struct mirror *mirror_create(struct dirsyncd *owner, struct directory *directory, struct profile_map *profile)
{
	struct mirror *m = bh_alloc(sizeof *m);

	m->owner = owner;
	m->directory = directory;
	m->brake.percent = directory->brake;
	departures_init(&m->departures);
	if (person_source_init(&m->source, directory, profile) == 0)
		return m;
	destroy(m);
	return NULL;
}

void mirror_add_domain(struct mirror *m, const char *domain)
{
	m->domains = realloc(m->domains, (m->ndomains + 1) * sizeof *m->domains);
	BUG_ON(m->domains == NULL);
	m->domains[m->ndomains++] = bh_strdup(domain);
}

struct directory *mirror_directory(const struct mirror *m)
{
	return m->directory;
}

const struct knowns *mirror_knowns(const struct mirror *m)
{
	return &m->knowns;
}

const struct progress *mirror_progress(const struct mirror *m)
{
	return &m->progress;
}

const char *mirror_domain(const struct mirror *m, size_t i)
{
	return i < m->ndomains ? m->domains[i] : NULL;
}

bool mirror_is_read(const struct mirror *m)
{
	return m->read;
}

/* ---- whoever watches ------------------------------------------------------------------------ */

void mirror_watch(struct mirror *m, const struct mirror_watcher *watcher)
{
	m->watcher = watcher != NULL ? *watcher : (struct mirror_watcher){0};
}

void mirror_tell_gone(const struct mirror *m, struct known *k)
{
	if (m->watcher.gone != NULL)
		m->watcher.gone(m->watcher.arg, &k->person);
}

void mirror_tell(const struct mirror *m, struct known *k)
{
	if (!known_is_active(k))
		mirror_tell_gone(m, k);
	else if (m->watcher.there != NULL)
		m->watcher.there(m->watcher.arg, &k->person);
}

static void tell_read(const struct mirror *m)
{
	if (m->watcher.read != NULL)
		m->watcher.read(m->watcher.arg);
}

/* ---- entries ------------------------------------------------------------------------------- */

/* One without a local part that could be one is no account. */
static bool prepare(struct mirror *m, const struct news *n, const struct person_record *r, char local[JID_PART_MAX + 1])
{
	struct complaints c = {m->directory->name, r->dn, r->complaints, r->mark};
	struct buf list = BUF_INIT;
	size_t len = 0;
	bool good = r->local.len > 0 && jid_prepare_local(r->local, local, &len) == 0 && len > 0;

	if (good) {
		local[len] = '\0';
	} else {
		textlist_printf(&list, "no account: no address can be made of %s", LOG_STR(r->local));
		c.list = buf_str(&list);
	}
	said_now(&m->said, n->uuid, &c);
	buf_fini(&list);
	return good;
}

static void take(struct mirror *m, struct known *k, const struct person_record *r)
{
	person_set(&k->person, r);
	person_write_profile(mirror_tx(m), m->directory->name, &k->person, r);
}

static void on_new(struct mirror *m, const struct news *n, const struct person_record *r, const char *local)
{
	struct known *k = knowns_add(&m->knowns, n->uuid, str_of(local), r->locked);

	if (k == NULL)
		return;
	k->told = m->refresh;
	take(m, k, r);
	fate_new(m, k);
}

/* What becomes of its address does not depend on whether the rest is as before. */
static void on_known(struct mirror *m, struct known *k, const struct person_record *r, const char *local)
{
	if (memcmp(k->person.digest, r->digest, sizeof r->digest) != 0) {
		take(m, k, r);
		mirror_write(m, k);
		mirror_tell(m, k);
	}
	fate_is(m, k, local, r->locked);
}

static void on_entry(struct mirror *m, const struct news *n)
{
	struct known *k = knowns_find(&m->knowns, n->uuid);
	char local[JID_PART_MAX + 1];
	struct person_record r;

	count_add(COUNT_CHANGES, 1);
	if (!person_take(n->text, &r))
		return;
	if (k != NULL)
		k->told = m->refresh;
	if (prepare(m, n, &r, local)) {
		if (k != NULL)
			on_known(m, k, &r, local);
		else
			on_new(m, n, &r, local);
	} else if (k != NULL) {
		fate_gone(m, k);
	}
}

/* Whoever is no account has been complained of. */
static void on_present(struct mirror *m, const struct news *n)
{
	struct known *k = knowns_find(&m->knowns, n->uuid);

	if (k != NULL)
		k->told = m->refresh;
	else if (!said_anything(&m->said, n->uuid))
		m->strange = true;
}

static void on_gone(struct mirror *m, const struct news *n)
{
	struct known *k = knowns_find(&m->knowns, n->uuid);

	said_forget(&m->said, n->uuid);
	if (k != NULL)
		fate_gone(m, k);
}

/* ---- the refresh ---------------------------------------------------------------------------- */

static void on_begin(struct mirror *m, const struct news *n)
{
	(void)n;
	m->refresh++;
	m->strange = false;
	fate_begin(m);
}

static size_t miss(struct mirror *m)
{
	struct map_walk walk;
	struct map_node *node;
	size_t missing = 0;

	map_walk_start(&walk, &m->knowns.by_uuid);
	while ((node = map_walk_next(&walk)) != NULL) {
		struct known *k = container_of(node, struct known, by_uuid);

		if (k->told == m->refresh)
			continue;
		missing++;
		fate_gone(m, k);
	}
	return missing;
}

/* That stands in the store, whether a cookie comes or not. */
static void all_read(struct mirror *m)
{
	if (m->read)
		return;
	m->read = true;
	mirror_write_cookie(m, STR_LIT(""));
	tell_read(m);
}

/* Whoever is there as before, and whom we do not know, has been missed: all is read again. */
static void on_refreshed(struct mirror *m, const struct news *n)
{
	size_t gone = n->whole ? miss(m) : 0;

	fate_refreshed(m);
	all_read(m);
	if (n->whole || m->progress.state != PROGRESS_POLLING)
		log_info("directory-followed", "directory=%s accounts=%zu gone=%zu", LOG_TEXT(m->directory->name),
			m->knowns.by_uuid.count, gone);
	if (m->strange)
		follower_again(m->follower, true);
}

static void on_cookie(struct mirror *m, const struct news *n)
{
	mirror_write_cookie(m, n->text);
}

static void on_server(struct mirror *m, const struct news *n)
{
	log_info("directory-server", "directory=%s server=%s follow=%s", LOG_TEXT(m->directory->name), LOG_STR(n->text),
		n->polls ? "poll" : "sync");
}

static void on_lost(struct mirror *m, const struct news *n)
{
	count_add(COUNT_LOST, 1);
	log_warn("directory-lost", "directory=%s reason=%s", LOG_TEXT(m->directory->name), LOG_STR(n->text));
}

static void on_news(void *arg, const struct news *n)
{
	static const struct {
		void (*take)(struct mirror *m, const struct news *n);
		bool noted; /* only where it is another than before */
	} handlers[] = {
		[NEWS_SERVER] = {on_server, true}, [NEWS_BEGIN] = {on_begin, false},
		[NEWS_ENTRY] = {on_entry, false}, [NEWS_PRESENT] = {on_present, false},
		[NEWS_GONE] = {on_gone, false}, [NEWS_REFRESHED] = {on_refreshed, false},
		[NEWS_COOKIE] = {on_cookie, false}, [NEWS_LOST] = {on_lost, true},
	};
	struct mirror *m = arg;
	bool other = progress_news(&m->progress, n);

	m->bytes += n->text.len;
	if (other || !handlers[n->kind].noted)
		handlers[n->kind].take(m, n);
}

static void on_batch(void *arg)
{
	mirror_flush(arg);
}

/* ---- what administrators want -------------------------------------------------------------- */

void mirror_tick(struct mirror *m)
{
	if (m->loaded)
		fate_tick(m);
}

size_t mirror_accept(struct mirror *m)
{
	size_t n = fate_accept(m);

	mirror_flush(m);
	return n;
}

void mirror_again(struct mirror *m, bool anew)
{
	if (m->follower != NULL)
		follower_again(m->follower, anew);
}

/* ---- coming and going ------------------------------------------------------------------------ */

static void on_stopped(void *arg)
{
	struct mirror *m = arg;
	void (*done)(void *) = m->done;
	void *done_arg = m->done_arg;

	destroy(m);
	done(done_arg);
}

static void follow(struct mirror *m, struct str cookie)
{
	const struct directory *d = m->directory;
	const struct follower_spec spec = {
		.directory = m->directory,
		.source = {.base = d->base, .filter = d->filter, .attributes = m->source.attributes, .read = person_read,
			.arg = &m->source},
		.loop = m->owner->daemon->loop,
		.each = on_news,
		.batch = on_batch,
		.backlog = &m->owner->backlog,
		.arg = m,
	};

	m->follower = follower_start(&spec, cookie);
}

static void on_loaded(void *arg, int rc, struct store_rows *rows)
{
	struct mirror *m = arg;
	struct str cookie = STR_NONE;

	if (rc != 0)
		log_error("store-failed", "reason=%s", LOG_TEXT(bh_strerror(rc)));
	while (rc == 0 && store_row(rows))
		mirror_take_row(m, rows, &cookie);
	m->loaded = true;
	if (m->done != NULL) {
		on_stopped(m);
		return;
	}
	if (m->read)
		tell_read(m);
	fate_say_held(m);
	follow(m, cookie);
}

void mirror_load(struct mirror *m)
{
	m->loading = true;
	mirror_read(m, on_loaded);
}

void mirror_stop(struct mirror **ref, void (*done)(void *arg), void *arg)
{
	struct mirror *m = *ref;

	*ref = NULL;
	m->done = done;
	m->done_arg = arg;
	if (m->follower != NULL)
		follower_stop(&m->follower, on_stopped, m);
	else if (m->loaded || !m->loading)
		on_stopped(m);
}
