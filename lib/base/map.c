/* A hash map with chained buckets and growth in small steps. */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"

enum { FIRST_BUCKETS = 16, MOVES_PER_ADD = 4 };

void map_fini(struct map *m)
{
	free(m->buckets);
	free(m->old);
	*m = MAP_INIT;
}

static struct map_node *find_in(struct map_node *n, uint64_t hash, const void *key, size_t len)
{
	for (; n != NULL; n = n->next)
		if (n->hash == hash && n->key_len == len && (len == 0 || memcmp(n->key, key, len) == 0))
			return n;
	return NULL;
}

struct map_node *map_find(const struct map *m, const void *key, size_t len)
{
	uint64_t hash;
	struct map_node *n;

	if (m->count == 0)
		return NULL;
	hash = hash_bytes(hash_process_key(), key, len);
	n = find_in(m->buckets[hash & m->mask], hash, key, len);
	if (n == NULL && m->old != NULL)
		n = find_in(m->old[hash & m->old_mask], hash, key, len);
	return n;
}

static void push(struct map_node **bucket, struct map_node *n)
{
	n->next = *bucket;
	*bucket = n;
}

/* Empties a few buckets of the old array, and frees it after the last. */
static void move_some(struct map *m)
{
	for (int i = 0; i < MOVES_PER_ADD && m->old != NULL; i++) {
		struct map_node *n = m->old[m->moved];

		m->old[m->moved] = NULL;
		while (n != NULL) {
			struct map_node *next = n->next;

			push(&m->buckets[n->hash & m->mask], n);
			n = next;
		}
		if (++m->moved > m->old_mask) {
			free(m->old);
			m->old = NULL;
		}
	}
}

static int grow(struct map *m)
{
	size_t size = m->buckets == NULL ? FIRST_BUCKETS : (m->mask + 1) * 2;
	struct map_node **buckets = calloc(size, sizeof(struct map_node *));

	if (buckets == NULL)
		return BH_ENOMEM;
	m->old = m->buckets;
	m->old_mask = m->mask;
	m->moved = 0;
	m->buckets = buckets;
	m->mask = size - 1;
	return 0;
}

int map_add(struct map *m, struct map_node *node, const void *key, size_t len)
{
	if (m->old != NULL)
		move_some(m);
	if (m->buckets == NULL || (m->old == NULL && m->count > m->mask))
		if (grow(m) != 0 && m->buckets == NULL)
			return BH_ENOMEM;
	node->key = key;
	node->key_len = (uint32_t)len;
	node->hash = hash_bytes(hash_process_key(), key, len);
	push(&m->buckets[node->hash & m->mask], node);
	m->count++;
	return 0;
}

static bool unlink_from(struct map_node **bucket, const struct map_node *node)
{
	for (; *bucket != NULL; bucket = &(*bucket)->next)
		if (*bucket == node) {
			*bucket = node->next;
			return true;
		}
	return false;
}

void map_remove(struct map *m, struct map_node *node)
{
	bool found = unlink_from(&m->buckets[node->hash & m->mask], node);

	if (!found && m->old != NULL)
		found = unlink_from(&m->old[node->hash & m->old_mask], node);
	if (found)
		m->count--;
	node->next = NULL;
}

void map_walk_start(struct map_walk *w, const struct map *m)
{
	*w = (struct map_walk){.map = m, .in_old = m->old != NULL};
}

/* The head of the next bucket that is not empty, old array first, or NULL. */
static struct map_node *next_bucket(struct map_walk *w)
{
	struct map_node *head = NULL;

	if (w->in_old && w->map->old != NULL) {
		while (head == NULL && w->bucket <= w->map->old_mask)
			head = w->map->old[w->bucket++];
		if (head != NULL)
			return head;
	}
	if (w->in_old) {
		w->in_old = false;
		w->bucket = 0;
	}
	if (w->map->buckets != NULL)
		while (head == NULL && w->bucket <= w->map->mask)
			head = w->map->buckets[w->bucket++];
	return head;
}

struct map_node *map_walk_next(struct map_walk *w)
{
	struct map_node *n = w->next != NULL ? w->next : next_bucket(w);

	w->next = n != NULL ? n->next : NULL;
	return n;
}

struct map_node *map_walk_any(struct map_walk *w)
{
	struct map_node *n = next_bucket(w);

	/* It may have been one of many: the next call looks at its bucket again. */
	if (n != NULL)
		w->bucket--;
	return n;
}
