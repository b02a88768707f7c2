/* Which entries have been seen, and as of when. */
#include "directory/poll.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "base/records.h"
#include "directory/paged.h"
#include "directory/stamp.h"

enum { ATTRIBUTES_MAX = 64, SECOND_US = 1000000 };

struct seen {
	struct map_node node;
	uint8_t uuid[UUID_SIZE];
	unsigned listing; /* the last that it was in */
	int64_t changed;
};

struct dirpoll {
	const struct dirsync *sync;
	const struct dirsync_handlers *handlers;
	void *arg;
	struct map entries; /* struct seen */
	int64_t since;	    /* the next round asks for what has changed from then on; 0: nothing is known */
	char *server;	    /* that said so */
	uint64_t listed_ms;
	unsigned listing;
	/* Of this round: */
	const struct schema *schema;
	int64_t newest;
	size_t unknown;	       /* entries that do not say which they are, or when they were changed */
	bool read;	       /* one of those */
	struct records wanted; /* of a listing: a UUID and a DN of each that is to be read */
};

struct dirpoll *dirpoll_create(const struct dirsync *s, const struct dirsync_handlers *handlers, void *arg)
{
	struct dirpoll *p = bh_alloc(sizeof *p);

	p->sync = s;
	p->handlers = handlers;
	p->arg = arg;
	p->wanted = RECORDS_INIT;
	return p;
}

static struct seen *find(const struct dirpoll *p, const uint8_t uuid[UUID_SIZE])
{
	struct map_node *n = map_find(&p->entries, uuid, UUID_SIZE);

	return n != NULL ? container_of(n, struct seen, node) : NULL;
}

static void forget(struct dirpoll *p, struct seen *e)
{
	map_remove(&p->entries, &e->node);
	free(e);
}

/* Those that were not in this listing; all where it is 0. */
static void forget_unlisted(struct dirpoll *p, unsigned listing)
{
	struct map_walk walk;
	struct map_node *node;

	map_walk_start(&walk, &p->entries);
	while ((node = map_walk_next(&walk)) != NULL) {
		struct seen *e = container_of(node, struct seen, node);

		if (listing == 0 || e->listing != listing)
			forget(p, e);
	}
}

void dirpoll_free(struct dirpoll **ref)
{
	struct dirpoll *p = *ref;

	*ref = NULL;
	if (p == NULL)
		return;
	forget_unlisted(p, 0);
	map_fini(&p->entries);
	free(p->server);
	records_fini(&p->wanted);
	free(p);
}

static void note(struct dirpoll *p, const uint8_t uuid[UUID_SIZE], int64_t changed)
{
	struct seen *e = find(p, uuid);

	if (e == NULL) {
		e = bh_alloc(sizeof *e);
		memcpy(e->uuid, uuid, UUID_SIZE);
		if (map_add(&p->entries, &e->node, e->uuid, UUID_SIZE) != 0) {
			free(e);
			return;
		}
	}
	e->changed = changed;
	e->listing = p->listing;
}

/* Which it is, and as of when. */
static bool identify(struct dirpoll *p, const struct direntry *entry, uint8_t uuid[UUID_SIZE], int64_t *changed)
{
	if (!schema_identity(p->schema, entry, uuid) ||
		!stamp_parse(direntry_value(entry, p->schema->changed, 0), changed)) {
		p->unknown++;
		return false;
	}
	if (*changed > p->newest)
		p->newest = *changed;
	return true;
}

/* ---- what comes ---------------------------------------------------------------------------- */

/* With all that is wanted of it. */
static void on_whole(void *arg, const struct direntry *entry)
{
	struct dirpoll *p = arg;
	uint8_t uuid[UUID_SIZE];
	int64_t changed;

	if (!identify(p, entry, uuid, &changed))
		return;
	note(p, uuid, changed);
	p->read = true;
	p->handlers->entry(p->arg, uuid, entry);
}

/* Of a listing. */
static void on_listed(void *arg, const struct direntry *entry)
{
	struct dirpoll *p = arg;
	const char *dn = direntry_dn(entry);
	uint8_t uuid[UUID_SIZE];
	struct seen *e;
	int64_t changed;
	char *at;

	if (!identify(p, entry, uuid, &changed))
		return;
	e = find(p, uuid);
	if (e != NULL)
		e->listing = p->listing;
	if (e != NULL && e->changed == changed) {
		p->handlers->present(p->arg, uuid);
		return;
	}
	at = records_add(&p->wanted, UUID_SIZE + strlen(dn) + 1);
	if (at != NULL) {
		memcpy(at, uuid, UUID_SIZE);
		memcpy(at + UUID_SIZE, dn, strlen(dn) + 1);
	}
}

static bool is_over(void *arg)
{
	struct dirpoll *p = arg;

	return p->handlers->over(p->arg);
}

/* ---- what we ask --------------------------------------------------------------------------- */

struct asking {
	struct dirconn *c;
	char *why;
	const char *attributes[ATTRIBUTES_MAX + 1], *const *few; /* all that is wanted; the last of them, for a listing */
};

static void choose(struct asking *a, const struct dirpoll *p)
{
	const char *const own[] = {p->schema->changed, p->schema->ids[0], p->schema->ids[1]};
	size_t n = 0;

	while (n < ATTRIBUTES_MAX - sizeof own / sizeof own[0] && p->sync->attributes[n] != NULL) {
		a->attributes[n] = p->sync->attributes[n];
		n++;
	}
	a->few = a->attributes + n;
	for (size_t i = 0; i < sizeof own / sizeof own[0] && own[i] != NULL; i++)
		a->attributes[n++] = own[i];
	a->attributes[n] = NULL;
}

static int list(struct dirpoll *p, const struct asking *a, const char *filter, bool whole)
{
	const struct dirsearch search = {
		.base = p->sync->base,
		.subtree = true,
		.filter = filter,
		.attributes = whole ? a->attributes : a->few,
		.exists = true,
		.over = is_over,
	};

	return dirconn_search_paged(a->c, &search, whole ? on_whole : on_listed, p, a->why);
}

/* One of a listing, by its name.  It was there a moment ago: where it is called otherwise now, the next listing finds
 * that. */
static int read_wanted(struct dirpoll *p, const struct asking *a, struct str record)
{
	const struct dirsearch search = {
		.base = record.p + UUID_SIZE, .filter = p->sync->filter, .attributes = a->attributes};
	int rc;

	p->read = false;
	rc = dirconn_search(a->c, &search, on_whole, p, a->why);
	if (rc == 0 && !p->read)
		p->handlers->present(p->arg, (const uint8_t *)record.p);
	return rc;
}

static int read_all_wanted(struct dirpoll *p, const struct asking *a)
{
	uint64_t at = records_first(&p->wanted);
	struct str record;
	int rc = 0;

	while (rc == 0 && !is_over(p) && records_next(&p->wanted, &at, &record))
		rc = read_wanted(p, a, record);
	return rc;
}

static int ask_all(struct dirpoll *p, const struct asking *a)
{
	bool first = p->entries.count == 0;
	int rc;

	p->listing++;
	rc = list(p, a, p->sync->filter, first);
	if (rc == 0)
		rc = read_all_wanted(p, a);
	records_fini(&p->wanted);
	if (rc != 0 || is_over(p))
		return rc;
	if (p->entries.count == 0 && p->unknown > 0) {
		snprintf(a->why, DIRCONN_WHY_SIZE, "%.150s: our account may not read %s and %s of entries, or they have none",
			dirconn_server(a->c), p->schema->ids[0], p->schema->changed);
		return BH_EPROTO;
	}
	forget_unlisted(p, p->listing);
	return 0;
}

static int ask_changed(struct dirpoll *p, const struct asking *a)
{
	struct buf filter = BUF_INIT;
	char stamp[STAMP_SIZE];
	int rc;

	stamp_write(p->since, stamp);
	buf_printf(&filter, "(&%s(%s>=%s))", p->sync->filter, p->schema->changed, stamp);
	buf_put_byte(&filter, '\0');
	rc = list(p, a, (const char *)filter.data, true);
	buf_fini(&filter);
	return rc;
}

/* What changed while we were reading may bear a time up to so long before the newest that we have seen. */
static void note_time(struct dirpoll *p, uint64_t begun_ms)
{
	int64_t took_s = (int64_t)(clock_ms() - begun_ms + 999) / 1000;
	int64_t since = p->newest - (took_s + 1) * SECOND_US;

	if (p->newest != 0 && since > p->since)
		p->since = since;
}

/* Each server has times of its own. */
static bool is_another(const struct dirpoll *p, const struct dirconn *c)
{
	return p->server == NULL || strcmp(p->server, dirconn_server(c)) != 0;
}

static void note_listing(struct dirpoll *p, const struct dirconn *c, uint64_t begun_ms)
{
	p->listed_ms = begun_ms;
	if (!is_another(p, c))
		return;
	free(p->server);
	p->server = bh_strdup(dirconn_server(c));
	p->since = 0;
}

int dirpoll_round(struct dirpoll *p, struct dirconn *c, char *why)
{
	uint64_t begun_ms = clock_ms();
	struct asking a = {.c = c, .why = why};
	const struct directory *d = dirconn_directory(c);
	bool all = p->since == 0 || is_another(p, c) || begun_ms - p->listed_ms >= d->poll_all_s * 1000ULL;
	int rc;

	p->schema = &d->schema;
	p->unknown = 0;
	if (is_another(p, c))
		p->newest = 0;
	choose(&a, p);
	p->handlers->begin(p->arg, p->since == 0);
	rc = all ? ask_all(p, &a) : ask_changed(p, &a);
	if (rc != 0 || is_over(p))
		return rc;
	if (all)
		note_listing(p, c, begun_ms);
	note_time(p, begun_ms);
	p->handlers->refreshed(p->arg, all);
	return 0;
}
