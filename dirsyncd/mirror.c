/* What is new is held against what was known. */
#include "dirsyncd/mirror.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/list.h"
#include "bus/textlist.h"
#include "daemon/log.h"
#include "dirsyncd/data.h"
#include "dirsyncd/fate.h"
#include "xmpp/jid.h"

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
	return following_progress(m->following);
}

const char *mirror_domain(const struct mirror *m, size_t i)
{
	return i < m->ndomains ? m->domains[i] : NULL;
}

bool mirror_is_read(const struct mirror *m)
{
	return following_is_read(m->following);
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

static void on_read(void *arg)
{
	const struct mirror *m = arg;

	if (m->watcher.read != NULL)
		m->watcher.read(m->watcher.arg);
}

/* ---- entries ------------------------------------------------------------------------------- */

/* One without a local part that could be one is no account. */
static bool prepare(struct mirror *m, const struct news *n, const struct person_record *r, char local[JID_PART_MAX + 1])
{
	struct complaints c = {m->directory->name, r->entry.dn, r->entry.complaints, r->entry.mark};
	struct buf list = BUF_INIT;
	size_t len = 0;
	bool good = r->local.len > 0 && jid_prepare_local(r->local, local, &len) == 0 && len > 0;

	if (good) {
		local[len] = '\0';
	} else {
		textlist_printf(&list, "no account: no address can be made of %s", LOG_STR(r->local));
		c.list = buf_str(&list);
	}
	said_now(following_said(m->following), n->uuid, &c);
	buf_fini(&list);
	return good;
}

static void take(struct mirror *m, struct known *k, const struct person_record *r)
{
	person_set(&k->person, r);
	person_write_profile(following_tx(m->following), m->directory->name, &k->person, r);
}

static void on_new(struct mirror *m, const struct news *n, const struct person_record *r, const char *local)
{
	struct known *k = knowns_add(&m->knowns, n->uuid, str_of(local), r->locked);

	if (k == NULL)
		return;
	k->told = following_refresh(m->following);
	take(m, k, r);
	fate_new(m, k);
}

/* What becomes of its address does not depend on whether the rest is as before. */
static void on_known(struct mirror *m, struct known *k, const struct person_record *r, const char *local)
{
	if (memcmp(k->person.digest, r->entry.digest, sizeof r->entry.digest) != 0) {
		take(m, k, r);
		mirror_write(m, k);
		mirror_tell(m, k);
	}
	fate_is(m, k, local, r->locked);
}

static void on_entry(void *arg, const struct news *n)
{
	struct mirror *m = arg;
	struct known *k = knowns_find(&m->knowns, n->uuid);
	char local[JID_PART_MAX + 1];
	struct person_record r;

	if (!person_take(n->text, &r))
		return;
	if (k != NULL)
		k->told = following_refresh(m->following);
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
static bool on_present(void *arg, const uint8_t uuid[UUID_SIZE])
{
	struct mirror *m = arg;
	struct known *k = knowns_find(&m->knowns, uuid);

	if (k != NULL)
		k->told = following_refresh(m->following);
	return k != NULL || said_anything(following_said(m->following), uuid);
}

static void on_gone(void *arg, const uint8_t uuid[UUID_SIZE])
{
	struct mirror *m = arg;
	struct known *k = knowns_find(&m->knowns, uuid);

	if (k != NULL)
		fate_gone(m, k);
}

/* ---- the refresh ---------------------------------------------------------------------------- */

static void on_begin(void *arg)
{
	fate_begin(arg);
}

static size_t miss(struct mirror *m)
{
	struct map_walk walk;
	struct map_node *node;
	size_t missing = 0;

	map_walk_start(&walk, &m->knowns.by_uuid);
	while ((node = map_walk_next(&walk)) != NULL) {
		struct known *k = container_of(node, struct known, by_uuid);

		if (k->told == following_refresh(m->following))
			continue;
		missing++;
		fate_gone(m, k);
	}
	return missing;
}

static void on_refreshed(void *arg, bool whole, bool log)
{
	struct mirror *m = arg;
	size_t gone = whole ? miss(m) : 0;

	fate_refreshed(m);
	if (log)
		log_info("directory-followed", "directory=%s accounts=%zu gone=%zu", LOG_TEXT(m->directory->name),
			m->knowns.by_uuid.count, gone);
}

/* ---- what administrators want -------------------------------------------------------------- */

void mirror_tick(struct mirror *m)
{
	if (following_is_loaded(m->following))
		fate_tick(m);
}

size_t mirror_accept(struct mirror *m)
{
	size_t n = fate_accept(m);

	following_flush(m->following);
	return n;
}

void mirror_again(struct mirror *m, bool anew)
{
	following_again(m->following, anew);
}

/* ---- coming and going ------------------------------------------------------------------------ */

static void destroy(struct mirror *m)
{
	knowns_fini(&m->knowns);
	departures_fini(&m->departures);
	person_source_fini(&m->source);
	for (size_t i = 0; i < m->ndomains; i++)
		free(m->domains[i]);
	free(m->domains);
	directory_unref(&m->directory);
	free(m);
}

static void on_stopped(void *arg)
{
	struct mirror *m = arg;
	void (*done)(void *) = m->done;
	void *done_arg = m->done_arg;

	destroy(m);
	done(done_arg);
}

static void on_row(void *arg, const struct store_rows *row)
{
	mirror_take_row(arg, row);
}

static void on_loaded(void *arg)
{
	fate_say_held(arg);
}

static struct following *create_following(struct mirror *m)
{
	static const struct following_kind kind = {
		.part = FOLLOWED_PEOPLE,
		.questions = {SQL_DEPARTED_GET, SQL_ENTRIES_GET, SQL_COOKIE_GET},
		.nquestions = 3,
		.cookie_row = ROW_COOKIE,
		.cookie_put = SQL_COOKIE_PUT,
		.row = on_row,
		.loaded = on_loaded,
		.read = on_read,
		.begin = on_begin,
		.entry = on_entry,
		.present = on_present,
		.gone = on_gone,
		.refreshed = on_refreshed,
	};
	const struct directory *d = m->directory;

	return following_create(&(struct following_spec){
		.owner = m->owner,
		.directory = m->directory,
		.kind = &kind,
		.source = {.base = d->base, .filter = d->filter, .attributes = m->source.attributes, .read = person_read,
			.arg = &m->source},
		.digest = m->source.digest,
		.arg = m,
	});
}

struct mirror *mirror_create(struct dirsyncd *owner, struct directory *directory, struct profile_map *profile)
{
	struct mirror *m = bh_alloc(sizeof *m);

	m->owner = owner;
	m->directory = directory;
	m->brake.percent = directory->brake;
	departures_init(&m->departures);
	if (person_source_init(&m->source, directory, profile) != 0) {
		destroy(m);
		return NULL;
	}
	m->following = create_following(m);
	return m;
}

void mirror_load(struct mirror *m)
{
	following_load(m->following);
}

void mirror_stop(struct mirror **ref, void (*done)(void *arg), void *arg)
{
	struct mirror *m = *ref;

	*ref = NULL;
	m->done = done;
	m->done_arg = arg;
	following_stop(&m->following, on_stopped, m);
}
