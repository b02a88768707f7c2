/* Two maps, and chains of those of one name. */
#include "dirsyncd/known.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/list.h"

struct known *knowns_find(const struct knowns *all, const uint8_t uuid[UUID_SIZE])
{
	struct map_node *n = map_find(&all->by_uuid, uuid, UUID_SIZE);

	return n != NULL ? container_of(n, struct known, by_uuid) : NULL;
}

struct known *knowns_named(const struct knowns *all, struct str local)
{
	struct map_node *n = map_find(&all->by_name, local.p, local.len);

	return n != NULL ? container_of(n, struct known, by_name) : NULL;
}

/* ---- names --------------------------------------------------------------------------------- */

static void count(struct knowns *all, const struct known *k, size_t by)
{
	if (known_is_active(k))
		all->active += by;
}

static void be_first(struct knowns *all, struct known *k)
{
	k->first = map_add(&all->by_name, &k->by_name, k->person.local, strlen(k->person.local)) == 0;
	count(all, k, 1);
}

static void enter(struct knowns *all, struct known *k)
{
	struct known *first = knowns_named(all, str_of(k->person.local));

	k->same = NULL;
	k->first = false;
	if (first == NULL) {
		be_first(all, k);
		return;
	}
	k->same = first->same;
	first->same = k;
}

static void unchain(struct knowns *all, const struct known *k)
{
	struct known *before = knowns_named(all, str_of(k->person.local));

	while (before != NULL && before->same != k)
		before = before->same;
	if (before != NULL)
		before->same = k->same;
}

static struct known *leave(struct knowns *all, struct known *k)
{
	struct known *next = k->same;

	if (!k->first) {
		unchain(all, k);
		return NULL;
	}
	count(all, k, (size_t)-1);
	map_remove(&all->by_name, &k->by_name);
	if (next != NULL)
		be_first(all, next);
	return next;
}

/* ---- changes ------------------------------------------------------------------------------- */

static void destroy(struct known *k)
{
	person_fini(&k->person);
	free(k->becomes);
	free(k);
}

struct known *knowns_add(struct knowns *all, const uint8_t uuid[UUID_SIZE], struct str local, bool locked)
{
	struct known *k = bh_alloc(sizeof *k);

	memcpy(k->person.uuid, uuid, UUID_SIZE);
	k->person.local = bh_strndup(local.p, local.len);
	k->person.name = bh_strdup("");
	k->person.locked = locked;
	if (map_add(&all->by_uuid, &k->by_uuid, k->person.uuid, UUID_SIZE) != 0) {
		destroy(k);
		return NULL;
	}
	enter(all, k);
	return k;
}

void knowns_lock(struct knowns *all, struct known *k, bool locked)
{
	count(all, k, (size_t)-1);
	k->person.locked = locked;
	count(all, k, 1);
}

struct known *knowns_rename(struct knowns *all, struct known *k, const char *local)
{
	struct known *next = leave(all, k);

	free(k->person.local);
	k->person.local = bh_strdup(local);
	enter(all, k);
	return next;
}

struct known *knowns_remove(struct knowns *all, struct known *k)
{
	struct known *next = leave(all, k);

	knowns_set_held(all, k, false);
	knowns_set_going(all, k, GOING_NOT, NULL);
	map_remove(&all->by_uuid, &k->by_uuid);
	destroy(k);
	return next;
}

void knowns_set_going(struct knowns *all, struct known *k, enum going going, const char *becomes)
{
	char *copy = becomes != NULL ? bh_strdup(becomes) : NULL;

	all->going -= k->going != GOING_NOT;
	all->going += going != GOING_NOT;
	k->going = (uint8_t)going;
	free(k->becomes);
	k->becomes = copy;
}

void knowns_set_held(struct knowns *all, struct known *k, bool held)
{
	all->held -= k->held;
	all->held += held;
	k->held = held;
}

void knowns_fini(struct knowns *all)
{
	struct map_walk walk;
	struct map_node *node;

	map_walk_start(&walk, &all->by_uuid);
	while ((node = map_walk_next(&walk)) != NULL)
		destroy(container_of(node, struct known, by_uuid));
	map_fini(&all->by_uuid);
	map_fini(&all->by_name);
}
