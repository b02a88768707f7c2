/*
 * map - an intrusive hash map from byte strings to their owners
 *
 * The node stands inside the member (container_of gives the member back) and borrows the
 * key, which must live and stay unchanged as long as the node is in the map.  The hash is
 * keyed (hash.h).  Growing moves a few buckets at each insertion, so that no insertion
 * into a large map takes long.  The map owns its bucket arrays only.
 */
#ifndef BH_MAP_H
#define BH_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_node {
	struct map_node *next;
	const void *key;
	uint64_t hash;
	uint32_t key_len;
};

struct map {
	struct map_node **buckets; /* the array that insertions use */
	struct map_node **old;	   /* being emptied into buckets, or NULL */
	size_t mask, old_mask;
	size_t moved; /* buckets of old that are empty already */
	size_t count;
};

#define MAP_INIT ((struct map){0})

/* Frees the arrays; the nodes are their owners' business. */
void map_fini(struct map *m);

/* The node with that key, or NULL; any of them, where several have it. */
struct map_node *map_find(const struct map *m, const void *key, size_t len);

/* Adds the node, which must not be in the map, under the key; others may have the same.  0 or BH_ENOMEM. */
int map_add(struct map *m, struct map_node *node, const void *key, size_t len);

/* Takes the node out; it must be in the map. */
void map_remove(struct map *m, struct map_node *node);

/* Walks all nodes in no order: start with NULL; the node just returned may be removed. */
struct map_walk {
	const struct map *map;
	size_t bucket;
	bool in_old;
	struct map_node *next;
};
void map_walk_start(struct map_walk *w, const struct map *m);
struct map_node *map_walk_next(struct map_walk *w);

/* To empty a map where the end of one node may be that of others: one that is in the map now, or NULL when none is
 * left.  It is to be removed before the next call; all calls together take as long as one walk. */
struct map_node *map_walk_any(struct map_walk *w);

#endif
