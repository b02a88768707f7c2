/* What is new is held against what was known. */
#include "dirsyncd/groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "daemon/log.h"
#include "dirsyncd/counters.h"
#include "dirsyncd/data.h"
#include "dirsyncd/follower.h"
#include "dirsyncd/reading.h"

struct groups {
	struct groups_spec spec;
	struct directory *directory;
	const struct group_source *source;
	struct follower *follower;
	struct map entries;
	struct said said;
	struct progress progress;
	unsigned refresh;
	bool read;
	bool strange; /* one is there that we do not know */
	struct store_tx *tx; /* of the batch of news; NULL: nothing to write */
	size_t bytes;	     /* of these news */
	void (*done)(void *arg); /* set: it ends */
	void *done_arg;
};

static struct group *find(const struct groups *all, const uint8_t uuid[UUID_SIZE])
{
	struct map_node *n = map_find(&all->entries, uuid, UUID_SIZE);

	return n != NULL ? container_of(n, struct group, node) : NULL;
}

static struct group *add(struct groups *all, const uint8_t uuid[UUID_SIZE])
{
	struct group *g = bh_alloc(sizeof *g);

	memcpy(g->uuid, uuid, UUID_SIZE);
	g->name = bh_strdup("");
	list_init(&g->changed);
	if (map_add(&all->entries, &g->node, g->uuid, UUID_SIZE) == 0)
		return g;
	free(g->name);
	free(g);
	return NULL;
}

/* It is no more, for whoever looks at it. */
static void drop(struct groups *all, struct group *g)
{
	membership_drop_group(all->spec.membership, &g->member);
	all->spec.gone(all->spec.arg, g);
	map_remove(&all->entries, &g->node);
	free(g->name);
	free(g);
}

static void put(struct groups *all, struct group *g, const struct group_record *r)
{
	const struct member_list members = {(const uint8_t *)r->members.p, r->members.len / DN_DIGEST_SIZE};
	bool renamed = g->member.by_dn.node.key == NULL || memcmp(g->member.by_dn.key, r->dn_digest, DN_DIGEST_SIZE) != 0 ||
		       !str_is(r->name, g->name);

	memcpy(g->digest, r->digest, sizeof g->digest);
	free(g->name);
	g->name = bh_strndup(r->name.p, r->name.len);
	g->cut = r->cut;
	if (membership_put_group(all->spec.membership, &g->member, r->dn_digest, members) != 0) {
		log_error("group-without-members", "directory=%s group=%s reason=\"out of memory\"",
			LOG_TEXT(all->directory->name), LOG_TEXT(g->name));
		g->cut = true;
	}
	all->spec.there(all->spec.arg, g, renamed);
}

/* ---- the store ----------------------------------------------------------------------------- */

static struct store_tx *writing(struct groups *all)
{
	if (all->tx == NULL)
		all->tx = store_begin(all->spec.owner->store);
	return all->tx;
}

static void write_gone(struct groups *all, const uint8_t uuid[UUID_SIZE])
{
	store_text(writing(all), str_of(all->directory->name));
	store_blob(writing(all), str_make(uuid, UUID_SIZE));
	store_do(writing(all), SQL_GROUP_DELETE);
}

static void write_cookie(struct groups *all, struct str cookie)
{
	store_text(writing(all), str_of(all->directory->name));
	store_blob(writing(all), cookie);
	store_blob(writing(all), str_make(all->source->digest, sizeof all->source->digest));
	store_do(writing(all), SQL_GROUP_COOKIE_PUT);
}

static void on_batch(void *arg)
{
	struct groups *all = arg;

	if (all->tx != NULL)
		backlog_commit(&all->spec.owner->backlog, all->tx, all->bytes);
	all->tx = NULL;
	all->bytes = 0;
}

/* ---- news ---------------------------------------------------------------------------------- */

static void on_begin(struct groups *all, const struct news *n)
{
	(void)n;
	all->refresh++;
	all->strange = false;
}

static void on_entry(struct groups *all, const struct news *n)
{
	struct group *g = find(all, n->uuid);
	struct group_record r;

	count_add(COUNT_CHANGES, 1);
	if (!group_take(n->text, &r))
		return;
	said_now(&all->said, n->uuid, &(struct complaints){all->directory->name, r.dn, r.complaints, r.mark});
	if (g == NULL)
		g = add(all, n->uuid);
	if (g == NULL)
		return;
	g->refresh = all->refresh;
	if (memcmp(g->digest, r.digest, sizeof r.digest) == 0)
		return;
	group_write(writing(all), all->directory->name, g, &r);
	put(all, g, &r);
}

static void on_present(struct groups *all, const struct news *n)
{
	struct group *g = find(all, n->uuid);

	if (g != NULL)
		g->refresh = all->refresh;
	else
		all->strange = true;
}

static void take_away(struct groups *all, struct group *g)
{
	write_gone(all, g->uuid);
	drop(all, g);
}

static void on_gone(struct groups *all, const struct news *n)
{
	struct group *g = find(all, n->uuid);

	said_forget(&all->said, n->uuid);
	if (g != NULL)
		take_away(all, g);
}

static void miss(struct groups *all)
{
	struct map_walk walk;
	struct map_node *node;

	map_walk_start(&walk, &all->entries);
	while ((node = map_walk_next(&walk)) != NULL) {
		struct group *g = container_of(node, struct group, node);

		if (g->refresh != all->refresh)
			take_away(all, g);
	}
}

/* That stands in the store, whether a cookie comes or not. */
static void all_read(struct groups *all)
{
	if (all->read)
		return;
	all->read = true;
	write_cookie(all, STR_LIT(""));
	all->spec.read(all->spec.arg);
}

/* Whichever is there as before, and we do not know, has been missed: all is read again. */
static void on_refreshed(struct groups *all, const struct news *n)
{
	if (n->whole)
		miss(all);
	all_read(all);
	if (n->whole || all->progress.state != PROGRESS_POLLING)
		log_info("groups-followed", "directory=%s groups=%zu", LOG_TEXT(all->directory->name), all->entries.count);
	if (all->strange)
		follower_again(all->follower, true);
}

static void on_cookie(struct groups *all, const struct news *n)
{
	write_cookie(all, n->text);
}

static void on_server(struct groups *all, const struct news *n)
{
	log_info("groups-server", "directory=%s server=%s follow=%s", LOG_TEXT(all->directory->name), LOG_STR(n->text),
		n->polls ? "poll" : "sync");
}

static void on_lost(struct groups *all, const struct news *n)
{
	count_add(COUNT_LOST, 1);
	log_warn("groups-lost", "directory=%s reason=%s", LOG_TEXT(all->directory->name), LOG_STR(n->text));
}

static void on_news(void *arg, const struct news *n)
{
	static const struct {
		void (*take)(struct groups *all, const struct news *n);
		bool noted; /* only where it is another than before */
	} handlers[] = {
		[NEWS_SERVER] = {on_server, true}, [NEWS_BEGIN] = {on_begin, false},
		[NEWS_ENTRY] = {on_entry, false}, [NEWS_PRESENT] = {on_present, false},
		[NEWS_GONE] = {on_gone, false}, [NEWS_REFRESHED] = {on_refreshed, false},
		[NEWS_COOKIE] = {on_cookie, false}, [NEWS_LOST] = {on_lost, true},
	};
	struct groups *all = arg;
	bool other = progress_news(&all->progress, n);

	all->bytes += n->text.len;
	if (other || !handlers[n->kind].noted)
		handlers[n->kind].take(all, n);
}

/* ---- coming and going ---------------------------------------------------------------------- */

static void on_stopped(void *arg)
{
	struct groups *all = arg;
	void (*done)(void *) = all->done;
	void *done_arg = all->done_arg;
	struct map_walk walk;
	struct map_node *node;

	map_walk_start(&walk, &all->entries);
	while ((node = map_walk_next(&walk)) != NULL)
		drop(all, container_of(node, struct group, node));
	map_fini(&all->entries);
	said_fini(&all->said);
	progress_fini(&all->progress);
	directory_unref(&all->directory);
	free(all);
	done(done_arg);
}

static void follow(struct groups *all, struct str cookie)
{
	const struct group_source *s = all->source;
	const struct follower_spec spec = {
		.directory = all->directory,
		.source = {.base = s->base, .filter = s->filter, .attributes = s->attributes, .read = group_read, .arg = s},
		.loop = all->spec.owner->daemon->loop,
		.each = on_news,
		.batch = on_batch,
		.backlog = &all->spec.owner->backlog,
		.arg = all,
	};

	all->follower = follower_start(&spec, cookie);
}

static void load_group(struct groups *all, const struct store_rows *row)
{
	struct group_record r;
	struct group *g = NULL;

	if (group_load(row, &r))
		g = add(all, (const uint8_t *)store_row_text(row, 1).p);
	if (g != NULL)
		put(all, g, &r);
}

/* Empty: of a directory that is polled. */
static void take_cookie(struct groups *all, const struct store_rows *row, struct str *cookie)
{
	*cookie = store_row_text(row, 1);
	all->read = true;
}

static void on_loaded(void *arg, int rc, struct store_rows *rows)
{
	struct groups *all = arg;
	struct str cookie = STR_NONE;

	if (all->done != NULL) {
		on_stopped(all);
		return;
	}
	if (rc != 0)
		log_error("store-failed", "reason=%s", LOG_TEXT(bh_strerror(rc)));
	while (rc == 0 && store_row(rows)) {
		if (store_row_int(rows, 0) == ROW_GROUP)
			load_group(all, rows);
		else if (str_eq(store_row_text(rows, 2), str_make(all->source->digest, sizeof all->source->digest)))
			take_cookie(all, rows, &cookie);
	}
	if (all->read)
		all->spec.read(all->spec.arg);
	follow(all, cookie);
}

struct groups *groups_start(const struct groups_spec *spec, const struct group_source *source)
{
	struct groups *all = bh_alloc(sizeof *all);
	struct store_tx *tx = store_begin(spec->owner->store);

	all->spec = *spec;
	all->directory = directory_ref(spec->directory);
	all->source = source;
	store_text(tx, str_of(all->directory->name));
	store_do(tx, SQL_GROUPS_GET);
	store_text(tx, str_of(all->directory->name));
	store_do(tx, SQL_GROUP_COOKIE_GET);
	store_ask(tx, on_loaded, all);
	return all;
}

void groups_stop(struct groups **ref, void (*done)(void *arg), void *arg)
{
	struct groups *all = *ref;

	*ref = NULL;
	all->done = done;
	all->done_arg = arg;
	if (all->follower != NULL)
		follower_stop(&all->follower, on_stopped, all);
}

void groups_each(const struct groups *all, void (*each)(void *arg, struct group *g), void *arg)
{
	struct map_walk walk;
	struct map_node *node;

	map_walk_start(&walk, &all->entries);
	while ((node = map_walk_next(&walk)) != NULL)
		each(arg, container_of(node, struct group, node));
}

const struct progress *groups_progress(const struct groups *all)
{
	return &all->progress;
}

size_t groups_count(const struct groups *all)
{
	return all->entries.count;
}

void groups_again(struct groups *all, bool anew)
{
	if (all->follower != NULL)
		follower_again(all->follower, anew);
}
