/* What is new is held against what was known. */
#include "dirsyncd/mirror.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "daemon/log.h"
#include "dirsyncd/data.h"
#include "dirsyncd/follower.h"
#include "xmpp/jid.h"

struct known {
	struct map_node node; /* in mirror.entries */
	uint8_t uuid[UUID_SIZE];
	bool locked;
	unsigned told; /* the refresh that it was told of in */
	char *local;
};

struct mirror {
	struct dirsyncd *owner;
	struct directory *directory;
	struct follower *follower;
	struct map entries; /* struct known */
	const char *attributes[3]; /* that are asked for */
	char **domains;
	size_t ndomains;
	unsigned refresh;
	bool loading, loaded; /* from the store */
	bool lost;   /* and that was said */
	struct store_tx *tx; /* of the batch of news; NULL: nothing to write */
	void (*done)(void *arg);
	void *done_arg;
};

struct mirror *mirror_create(struct dirsyncd *owner, struct directory *directory)
{
	struct mirror *m = bh_alloc(sizeof *m);

	m->owner = owner;
	m->directory = directory;
	m->attributes[0] = directory->user;
	m->attributes[1] = directory->schema.lock.attribute;
	return m;
}

void mirror_add_domain(struct mirror *m, const char *domain)
{
	m->domains = realloc(m->domains, (m->ndomains + 1) * sizeof *m->domains);
	BUG_ON(m->domains == NULL);
	m->domains[m->ndomains++] = bh_strdup(domain);
}

static struct known *find(const struct mirror *m, const uint8_t uuid[UUID_SIZE])
{
	struct map_node *n = map_find(&m->entries, uuid, UUID_SIZE);

	return n != NULL ? container_of(n, struct known, node) : NULL;
}

static struct known *add(struct mirror *m, const uint8_t uuid[UUID_SIZE], struct str local, bool locked)
{
	struct known *k = bh_alloc(sizeof *k);

	memcpy(k->uuid, uuid, UUID_SIZE);
	k->local = bh_strndup(local.p, local.len);
	k->locked = locked;
	if (map_add(&m->entries, &k->node, k->uuid, UUID_SIZE) == 0)
		return k;
	free(k->local);
	free(k);
	return NULL;
}

static void forget(struct mirror *m, struct known *k)
{
	map_remove(&m->entries, &k->node);
	free(k->local);
	free(k);
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

static void write_entry(struct mirror *m, const struct known *k)
{
	struct store_tx *tx = writing(m);

	store_text(tx, str_of(m->directory->name));
	store_blob(tx, uuid_of(k->uuid));
	store_text(tx, str_of(k->local));
	store_int(tx, k->locked);
	store_do(tx, SQL_ENTRY_PUT);
}

static void write_gone(struct mirror *m, const uint8_t uuid[UUID_SIZE])
{
	struct store_tx *tx = writing(m);

	store_text(tx, str_of(m->directory->name));
	store_blob(tx, uuid_of(uuid));
	store_do(tx, SQL_ENTRY_DELETE);
}

static void write_cookie(struct mirror *m, struct str cookie)
{
	struct store_tx *tx = writing(m);

	store_text(tx, str_of(m->directory->name));
	store_blob(tx, cookie);
	store_do(tx, SQL_COOKIE_PUT);
}

static void on_batch(void *arg)
{
	struct mirror *m = arg;

	if (m->tx != NULL)
		store_commit(m->tx, NULL, NULL);
	m->tx = NULL;
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
	bool renamed = strcmp(k->local, local) != 0;

	if (!renamed && k->locked == locked)
		return;
	if (renamed && !k->locked)
		end_rights(m, k->local, "renamed");
	else if (locked && !k->locked)
		end_rights(m, k->local, "disabled");
	free(k->local);
	k->local = bh_strdup(local);
	k->locked = locked;
	write_entry(m, k);
}

static void on_gone(struct mirror *m, struct known *k)
{
	if (!k->locked)
		end_rights(m, k->local, "removed");
	write_gone(m, k->uuid);
	forget(m, k);
}

/* A record of an entry: is it locked (one byte), and its local part as the directory has it. */
static void read_entry(const void *arg, const struct direntry *entry, struct buf *out)
{
	const struct directory *d = arg;

	buf_put_byte(out, schema_is_locked(&d->schema, entry));
	buf_put_str(out, direntry_value(entry, d->user, 0));
}

/* One without a local part that could be one is no account. */
static void on_entry(struct mirror *m, const struct news *n)
{
	struct known *k = find(m, n->uuid);
	bool locked = n->text.p[0] != 0;
	struct str name = str_make(n->text.p + 1, n->text.len - 1);
	char local[JID_PART_MAX + 1];
	size_t len;

	if (name.len == 0 || jid_prepare_local(name, local, &len) != 0 || len == 0) {
		log_warn("no-account", "directory=%s name=%s reason=\"no address can be made of it\"",
			LOG_TEXT(m->directory->name), LOG_STR(name));
		if (k != NULL)
			on_gone(m, k);
		return;
	}
	local[len] = '\0';
	if (k != NULL) {
		change(m, k, local, locked);
	} else {
		k = add(m, n->uuid, str_make(local, len), locked);
		if (k != NULL)
			write_entry(m, k);
	}
	if (k != NULL)
		k->told = m->refresh;
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
	map_fini(&m->entries);
	for (size_t i = 0; i < m->ndomains; i++)
		free(m->domains[i]);
	free(m->domains);
	directory_unref(&m->directory);
	free(m);
	done(done_arg);
}

static void follow(struct mirror *m, struct str cookie)
{
	const struct directory *d = m->directory;
	const struct follower_spec spec = {
		.directory = m->directory,
		.source = {.base = d->base, .filter = d->filter, .attributes = m->attributes, .read = read_entry, .arg = d},
		.loop = m->owner->daemon->loop,
		.each = on_news,
		.batch = on_batch,
		.arg = m,
	};

	m->follower = follower_start(&spec, cookie);
}

static void on_loaded(void *arg, int rc, struct store_rows *rows)
{
	struct mirror *m = arg;
	struct str cookie = STR_NONE, uuid;

	if (rc != 0)
		log_error("store-failed", "error=%s", bh_strerror(rc));
	while (rc == 0 && store_row(rows)) {
		if (store_row_int(rows, 0) == ROW_COOKIE) {
			cookie = store_row_text(rows, 1);
			continue;
		}
		uuid = store_row_text(rows, 1);
		if (uuid.len == UUID_SIZE)
			(void)add(m, (const uint8_t *)uuid.p, store_row_text(rows, 2), store_row_int(rows, 3) != 0);
	}
	m->loaded = true;
	if (m->done != NULL)
		on_stopped(m);
	else
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
