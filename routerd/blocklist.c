/* The set of blocked addresses. */
#include "routerd/blocklist.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/list.h"

struct blocked {
	struct map_node node;
	char address[];
};

bool blocklist_has(const struct blocklist *b, struct str address)
{
	return map_find(&b->entries, address.p, address.len) != NULL;
}

/* domain/resource: an entry without a local part blocks that resource of the domain itself,
 * and of nobody else. */
bool blocklist_blocks(const struct blocklist *b, const struct jid *jid)
{
	if (b->entries.count == 0 || str_eq(jid->bare, b->owner))
		return false;
	return blocklist_has(b, jid->full) || blocklist_has(b, jid->bare) ||
	       blocklist_has(b, jid->domain);
}

int blocklist_add(struct blocklist *b, struct str address)
{
	struct blocked *e;

	if (blocklist_has(b, address))
		return BH_EEXIST;
	e = malloc(sizeof *e + address.len);
	if (e == NULL)
		return BH_ENOMEM;
	memcpy(e->address, address.p, address.len);
	if (map_add(&b->entries, &e->node, e->address, address.len) == 0)
		return 0;
	free(e);
	return BH_ENOMEM;
}

static void drop(struct blocklist *b, struct map_node *n)
{
	map_remove(&b->entries, n);
	free(container_of(n, struct blocked, node));
}

int blocklist_remove(struct blocklist *b, struct str address)
{
	struct map_node *n = map_find(&b->entries, address.p, address.len);

	if (n == NULL)
		return BH_ENOTFOUND;
	drop(b, n);
	return 0;
}

void blocklist_clear(struct blocklist *b)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &b->entries);
	while ((n = map_walk_next(&walk)) != NULL)
		drop(b, n);
	map_fini(&b->entries);
	b->entries = MAP_INIT;
}

void blocklist_each(const struct blocklist *b, void (*each)(void *arg, struct str address), void *arg)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &b->entries);
	while ((n = map_walk_next(&walk)) != NULL)
		each(arg, str_make(n->key, n->key_len));
}

void blocklist_load(struct blocklist *b, const struct store_rows *row)
{
	(void)blocklist_add(b, store_row_text(row, 1));
}
