/* A map of counters; one that comes to zero is freed. */
#include "net/crowd.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/list.h"

struct count {
	struct map_node node;
	uint8_t ip[16]; /* the key: address_site() */
	unsigned n;
};

static struct count *find(const struct crowd *c, const uint8_t ip[16])
{
	struct map_node *n = map_find(&c->counts, ip, 16);

	return n != NULL ? container_of(n, struct count, node) : NULL;
}

static struct count *add(struct crowd *c, const uint8_t ip[16])
{
	struct count *count = bh_alloc(sizeof *count);

	memcpy(count->ip, ip, sizeof count->ip);
	if (map_add(&c->counts, &count->node, count->ip, sizeof count->ip) == 0)
		return count;
	free(count);
	return NULL;
}

bool crowd_has_room(const struct crowd *c, const struct address *a, unsigned limit)
{
	const struct count *count;
	uint8_t ip[16];

	address_site(a, ip);
	count = find(c, ip);
	return limit == 0 || count == NULL || count->n < limit;
}

bool crowd_enter(struct crowd *c, const struct address *a, unsigned limit)
{
	struct count *count;
	uint8_t ip[16];

	address_site(a, ip);
	count = find(c, ip);
	if (count == NULL)
		count = add(c, ip);
	if (count == NULL || (limit != 0 && count->n >= limit))
		return false;
	count->n++;
	return true;
}

void crowd_leave(struct crowd *c, const struct address *a)
{
	struct count *count;
	uint8_t ip[16];

	address_site(a, ip);
	count = find(c, ip);
	if (count == NULL || --count->n > 0)
		return;
	map_remove(&c->counts, &count->node);
	free(count);
}

void crowd_fini(struct crowd *c)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &c->counts);
	while ((n = map_walk_next(&walk)) != NULL) {
		map_remove(&c->counts, n);
		free(container_of(n, struct count, node));
	}
	map_fini(&c->counts);
}
