/* What is new is held against what was known. */
#include "dirsyncd/mirror.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "bus/textlist.h"
#include "daemon/log.h"
#include "dirsyncd/data.h"
#include "dirsyncd/follower.h"
#include "xmpp/jid.h"

struct known {
	struct map_node node; /* in mirror.entries */
	struct person person;
	unsigned told; /* the refresh that it was told of in */
};

struct mirror {
	struct dirsyncd *owner;
	struct directory *directory;
	struct follower *follower;
	struct map entries; /* struct known */
	struct person_source source;
	struct said said; /* what is wrong with entries */
	struct mirror_watcher watcher;
	bool read; /* all of it, once */
	char **domains;
	size_t ndomains;
	unsigned refresh;
	bool loading, loaded; /* from the store */
	bool lost;   /* and that was said */
	struct store_tx *tx; /* of the batch of news; NULL: nothing to write */
	size_t bytes;	     /* of these news */
	void (*done)(void *arg);
	void *done_arg;
};

/* What stands in it is gone already. */
static void destroy(struct mirror *m)
{
	map_fini(&m->entries);
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

const char *mirror_domain(const struct mirror *m, size_t i)
{
	return i < m->ndomains ? m->domains[i] : NULL;
}

struct directory *mirror_directory(const struct mirror *m)
{
	return m->directory;
}

bool mirror_is_read(const struct mirror *m)
{
	return m->read;
}

static struct known *find(const struct mirror *m, const uint8_t uuid[UUID_SIZE])
{
	struct map_node *n = map_find(&m->entries, uuid, UUID_SIZE);

	return n != NULL ? container_of(n, struct known, node) : NULL;
}

void mirror_watch(struct mirror *m, const struct mirror_watcher *watcher)
{
	m->watcher = watcher != NULL ? *watcher : (struct mirror_watcher){0};
}

/* local is prepared. */
static struct known *add(struct mirror *m, const uint8_t uuid[UUID_SIZE], struct str local)
{
	struct known *k = bh_alloc(sizeof *k);

	memcpy(k->person.uuid, uuid, UUID_SIZE);
	k->person.local = bh_strndup(local.p, local.len);
	k->person.name = bh_strdup("");
	if (map_add(&m->entries, &k->node, k->person.uuid, UUID_SIZE) == 0)
		return k;
	person_fini(&k->person);
	free(k);
	return NULL;
}

static void forget(struct mirror *m, struct known *k)
{
	map_remove(&m->entries, &k->node);
	person_fini(&k->person);
	free(k);
}

/* Whoever watches hears of it. */
static void tell(struct mirror *m, struct known *k, const uint8_t *dn_digest)
{
	if (k->person.locked && m->watcher.gone != NULL)
		m->watcher.gone(m->watcher.arg, &k->person);
	else if (!k->person.locked && m->watcher.there != NULL)
		m->watcher.there(m->watcher.arg, &k->person, dn_digest);
}

static void all_read(struct mirror *m)
{
	if (!m->read && m->watcher.read != NULL)
		m->watcher.read(m->watcher.arg);
	m->read = true;
}

/* ---- the store ---------------------------------------------------------------------------- */

static struct store_tx *writing(struct mirror *m)
{
	if (m->tx == NULL)
		m->tx = store_begin(m->owner->store);
	return m->tx;
}

static struct str uuid_of(const uint8_t uuid[UUID_SIZE])
{
	return str_make((const char *)uuid, UUID_SIZE);
}

static void write_gone(struct mirror *m, const uint8_t uuid[UUID_SIZE])
{
	struct store_tx *tx = writing(m);

	store_text(tx, str_of(m->directory->name));
	store_blob(tx, uuid_of(uuid));
	store_do(tx, SQL_ENTRY_DELETE);
	store_text(tx, str_of(m->directory->name));
	store_blob(tx, uuid_of(uuid));
	store_do(tx, SQL_PROFILE_DELETE);
}

static void write_cookie(struct mirror *m, struct str cookie)
{
	struct store_tx *tx = writing(m);

	store_text(tx, str_of(m->directory->name));
	store_blob(tx, cookie);
	store_blob(tx, str_make(m->source.digest, sizeof m->source.digest));
	store_do(tx, SQL_COOKIE_PUT);
}

static void on_batch(void *arg)
{
	struct mirror *m = arg;

	if (m->tx != NULL)
		backlog_commit(&m->owner->backlog, m->tx, m->bytes);
	m->tx = NULL;
	m->bytes = 0;
}

/* ---- what becomes of an account ----------------------------------------------------------- */

/* It has lost the address, in each domain. */
static void end_rights(struct mirror *m, const char *local, const char *why)
{
	char account[2 * JID_PART_MAX + 2];
	uint64_t now = clock_wall_us();

	for (size_t i = 0; i < m->ndomains; i++) {
		snprintf(account, sizeof account, "%s@%s", local, m->domains[i]);
		log_info("account-revoked", "account=%s directory=%s reason=%s", LOG_TEXT(account),
			LOG_TEXT(m->directory->name), why);
		store_text(writing(m), str_of(account));
		store_int(writing(m), (int64_t)now);
		store_do(writing(m), SQL_REVOKED_PUT);
		dirsyncd_revoke(m->owner, str_of(account), now);
	}
}

static void change(struct mirror *m, struct known *k, const char *local, bool locked)
{
	struct person *p = &k->person;
	bool renamed = strcmp(p->local, local) != 0;

	if (renamed && !p->locked)
		end_rights(m, p->local, "renamed");
	else if (locked && !p->locked)
		end_rights(m, p->local, "disabled");
	free(p->local);
	p->local = bh_strdup(local);
	p->locked = locked;
}

static void on_gone(struct mirror *m, struct known *k)
{
	if (!k->person.locked)
		end_rights(m, k->person.local, "removed");
	if (m->watcher.gone != NULL)
		m->watcher.gone(m->watcher.arg, &k->person);
	write_gone(m, k->person.uuid);
	forget(m, k);
}

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

/* What the entry says now. */
static void take(struct mirror *m, struct known *k, const struct person_record *r, const char *local)
{
	change(m, k, local, r->locked);
	person_set(&k->person, r);
	person_write(writing(m), m->directory->name, &k->person, r);
	tell(m, k, r->dn_digest);
}

static void on_entry(struct mirror *m, const struct news *n)
{
	struct known *k = find(m, n->uuid);
	char local[JID_PART_MAX + 1];
	struct person_record r;

	if (!person_take(n->text, &r))
		return;
	if (!prepare(m, n, &r, local)) {
		if (k != NULL)
			on_gone(m, k);
		return;
	}
	if (k == NULL)
		k = add(m, n->uuid, str_of(local));
	if (k == NULL)
		return;
	k->told = m->refresh;
	if (memcmp(k->person.digest, r.digest, sizeof r.digest) != 0)
		take(m, k, &r, local);
}

/* ---- the refresh ---------------------------------------------------------------------------- */

static void on_refreshed(struct mirror *m, const struct news *n)
{
	struct map_walk walk;
	struct map_node *node;
	unsigned gone = 0;

	map_walk_start(&walk, &m->entries);
	while (n->whole && (node = map_walk_next(&walk)) != NULL) {
		struct known *k = container_of(node, struct known, node);

		if (k->told == m->refresh)
			continue;
		on_gone(m, k);
		gone++;
	}
	m->lost = false;
	if (!m->read) /* that it has been read stands in the store, whether a cookie comes or not */
		write_cookie(m, STR_LIT(""));
	all_read(m);
	log_info("directory-followed", "directory=%s accounts=%zu gone=%u", LOG_TEXT(m->directory->name),
		m->entries.count, gone);
}

static void on_lost(struct mirror *m, const struct news *n)
{
	if (!m->lost)
		log_warn("directory-lost", "directory=%s reason=%s", LOG_TEXT(m->directory->name), LOG_STR(n->text));
	m->lost = true;
}

static void on_news(void *arg, const struct news *n)
{
	struct mirror *m = arg;
	struct known *k = find(m, n->uuid);

	m->bytes += n->text.len;
	switch (n->kind) {
	case NEWS_BEGIN:
		m->refresh++;
		break;
	case NEWS_ENTRY:
		on_entry(m, n);
		break;
	case NEWS_PRESENT:
		if (k != NULL)
			k->told = m->refresh;
		break;
	case NEWS_GONE:
		said_forget(&m->said, n->uuid);
		if (k != NULL)
			on_gone(m, k);
		break;
	case NEWS_REFRESHED:
		on_refreshed(m, n);
		break;
	case NEWS_COOKIE:
		write_cookie(m, n->text);
		break;
	case NEWS_LOST:
		on_lost(m, n);
		break;
	}
}

/* ---- coming and going ------------------------------------------------------------------------ */

static void on_stopped(void *arg)
{
	struct mirror *m = arg;
	struct map_walk walk;
	struct map_node *node;
	void (*done)(void *) = m->done;
	void *done_arg = m->done_arg;

	map_walk_start(&walk, &m->entries);
	while ((node = map_walk_next(&walk)) != NULL)
		forget(m, container_of(node, struct known, node));
	destroy(m);
	done(done_arg);
}

static void follow(struct mirror *m, struct str cookie)
{
	const struct directory *d = m->directory;
	const struct follower_spec spec = {
		.directory = m->directory,
		.source = {.base = d->base, .filter = d->filter, .attributes = m->source.attributes, .read = person_read, .arg = &m->source},
		.loop = m->owner->daemon->loop,
		.each = on_news,
		.batch = on_batch,
		.backlog = &m->owner->backlog,
		.arg = m,
	};

	m->follower = follower_start(&spec, cookie);
}

/* One that the store knows. */
static void load_entry(struct mirror *m, const struct store_rows *row)
{
	static const uint8_t none[DN_DIGEST_SIZE];
	struct str uuid = store_row_text(row, 1), dn = store_row_text(row, 4);
	struct known *k = NULL;

	if (uuid.len == UUID_SIZE)
		k = add(m, (const uint8_t *)uuid.p, store_row_text(row, 2));
	if (k == NULL)
		return;
	person_load(&k->person, row);
	tell(m, k, dn.len == sizeof none ? (const uint8_t *)dn.p : none);
}

static void on_loaded(void *arg, int rc, struct store_rows *rows)
{
	struct mirror *m = arg;
	struct str cookie = STR_NONE;

	if (rc != 0)
		log_error("store-failed", "error=%s", bh_strerror(rc));
	while (rc == 0 && store_row(rows)) {
		if (store_row_int(rows, 0) == ROW_ENTRY)
			load_entry(m, rows);
		else if (person_source_is(&m->source, store_row_text(rows, 2)))
			cookie = store_row_text(rows, 1);
	}
	m->loaded = true;
	if (m->done != NULL) {
		on_stopped(m);
		return;
	}
	if (cookie.p != NULL)
		all_read(m);
	follow(m, cookie);
}

void mirror_load(struct mirror *m)
{
	struct store_tx *tx = store_begin(m->owner->store);

	store_text(tx, str_of(m->directory->name));
	store_do(tx, SQL_ENTRIES_GET);
	store_text(tx, str_of(m->directory->name));
	store_do(tx, SQL_COOKIE_GET);
	m->loading = true;
	store_ask(tx, on_loaded, m);
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
