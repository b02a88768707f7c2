/* What is new is held against what was known. */
#include "dirsyncd/groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "daemon/log.h"
#include "dirsyncd/data.h"
#include "dirsyncd/following.h"

struct groups {
	struct groups_spec spec;
	struct directory *directory;
	struct following *following;
	struct map entries;
	void (*done)(void *arg);
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
	bool renamed = g->member.by_dn.node.key == NULL || memcmp(g->member.by_dn.key, r->entry.dn_digest, DN_DIGEST_SIZE) != 0 ||
		       !str_is(r->name, g->name);

	memcpy(g->digest, r->entry.digest, sizeof g->digest);
	free(g->name);
	g->name = bh_strndup(r->name.p, r->name.len);
	g->cut = r->cut;
	if (membership_put_group(all->spec.membership, &g->member, r->entry.dn_digest, members) != 0) {
		log_error("group-without-members", "directory=%s group=%s reason=\"out of memory\"",
			LOG_TEXT(all->directory->name), LOG_TEXT(g->name));
		g->cut = true;
	}
	all->spec.there(all->spec.arg, g, renamed);
}

/* ---- news ---------------------------------------------------------------------------------- */

static void on_entry(void *arg, const struct news *n)
{
	struct groups *all = arg;
	struct group *g = find(all, n->uuid);
	struct group_record r;

	if (!group_take(n->text, &r))
		return;
	said_now(following_said(all->following), n->uuid,
		&(struct complaints){all->directory->name, r.entry.dn, r.entry.complaints, r.entry.mark});
	if (g == NULL)
		g = add(all, n->uuid);
	if (g == NULL)
		return;
	g->refresh = following_refresh(all->following);
	if (memcmp(g->digest, r.entry.digest, sizeof r.entry.digest) == 0)
		return;
	group_write(following_tx(all->following), all->directory->name, g, &r);
	put(all, g, &r);
}

static bool on_present(void *arg, const uint8_t uuid[UUID_SIZE])
{
	struct groups *all = arg;
	struct group *g = find(all, uuid);

	if (g != NULL)
		g->refresh = following_refresh(all->following);
	return g != NULL;
}

static void take_away(struct groups *all, struct group *g)
{
	struct store_tx *tx = following_row(all->following);

	store_blob(tx, str_make(g->uuid, UUID_SIZE));
	store_do(tx, SQL_GROUP_DELETE);
	drop(all, g);
}

static void on_gone(void *arg, const uint8_t uuid[UUID_SIZE])
{
	struct groups *all = arg;
	struct group *g = find(all, uuid);

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

		if (g->refresh != following_refresh(all->following))
			take_away(all, g);
	}
}

static void on_refreshed(void *arg, bool whole, bool log)
{
	struct groups *all = arg;

	if (whole)
		miss(all);
	if (log)
		log_info("groups-followed", "directory=%s groups=%zu", LOG_TEXT(all->directory->name), all->entries.count);
}

static void on_read(void *arg)
{
	struct groups *all = arg;

	all->spec.read(all->spec.arg);
}

static void on_row(void *arg, const struct store_rows *row)
{
	struct groups *all = arg;
	struct group_record r;
	struct group *g = NULL;

	if (group_load(row, &r))
		g = add(all, (const uint8_t *)store_row_text(row, 1).p);
	if (g != NULL)
		put(all, g, &r);
}

static const struct following_kind kind = {
	.part = FOLLOWED_GROUPS,
	.questions = {SQL_GROUPS_GET, SQL_GROUP_COOKIE_GET},
	.nquestions = 2,
	.cookie_row = ROW_GROUP_COOKIE,
	.cookie_put = SQL_GROUP_COOKIE_PUT,
	.row = on_row,
	.read = on_read,
	.entry = on_entry,
	.present = on_present,
	.gone = on_gone,
	.refreshed = on_refreshed,
};

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
	directory_unref(&all->directory);
	free(all);
	done(done_arg);
}

struct groups *groups_start(const struct groups_spec *spec, const struct group_source *source)
{
	struct groups *all = bh_alloc(sizeof *all);
	const struct following_spec following = {
		.owner = spec->owner,
		.directory = spec->directory,
		.kind = &kind,
		.source = {.base = source->base, .filter = source->filter, .attributes = source->attributes, .read = group_read,
			.arg = source},
		.digest = source->digest,
		.arg = all,
	};

	all->spec = *spec;
	all->directory = directory_ref(spec->directory);
	all->following = following_create(&following);
	following_load(all->following);
	return all;
}

void groups_stop(struct groups **ref, void (*done)(void *arg), void *arg)
{
	struct groups *all = *ref;

	*ref = NULL;
	all->done = done;
	all->done_arg = arg;
	following_stop(&all->following, on_stopped, all);
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
	return following_progress(all->following);
}

size_t groups_count(const struct groups *all)
{
	return all->entries.count;
}

void groups_again(struct groups *all, bool anew)
{
	following_again(all->following, anew);
}
