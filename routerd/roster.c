/* Contacts in memory, each in one piece. */
#include "routerd/roster.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/list.h"

struct removed {
	struct map_node node;
	uint64_t version;
	char jid[];
};

struct contact *roster_find(const struct roster *r, struct str bare)
{
	struct map_node *n = map_find(&r->contacts, bare.p, bare.len);

	return n != NULL ? container_of(n, struct contact, node) : NULL;
}

struct contact_text contact_text(const struct contact *c)
{
	return (struct contact_text){
		.jid = c->jid, .name = c->name, .groups = c->groups, .request = c->request,
		.version = c->version, .state = c->state, .flags = c->flags,
	};
}

static struct str copy(char **at, struct str s)
{
	struct str copied = {s.p != NULL ? *at : NULL, s.len};

	if (s.p != NULL && s.len > 0)
		*at = mempcpy(*at, s.p, s.len);
	return copied;
}

static struct contact *make(const struct contact_text *text)
{
	struct contact *c = malloc(sizeof *c + (size_t)text->jid.len + text->name.len +
		text->groups.len + text->request.len);
	char *at;

	if (c == NULL)
		return NULL;
	at = (char *)(c + 1);
	*c = (struct contact){.version = text->version, .state = text->state, .flags = text->flags};
	c->jid = copy(&at, text->jid);
	c->name = copy(&at, text->name);
	c->groups = copy(&at, text->groups);
	c->request = copy(&at, text->request);
	return c;
}

static size_t request_size(struct str jid, struct str request)
{
	return request.len > 0 ? (size_t)jid.len + request.len : 0;
}

bool roster_fits_request(const struct roster *r, const struct contact_text *text)
{
	const struct contact *old = roster_find(r, text->jid);
	size_t others = r->requests - (old != NULL ? request_size(old->jid, old->request) : 0);

	return others + request_size(text->jid, text->request) <= ROSTER_REQUESTS_MAX;
}

struct contact *roster_put(struct roster *r, const struct contact_text *text)
{
	struct contact *c = make(text), *old;

	if (c == NULL)
		return NULL;
	old = roster_find(r, c->jid);
	if (old != NULL)
		roster_remove(r, old);
	if (map_add(&r->contacts, &c->node, c->jid.p, c->jid.len) != 0) {
		free(c);
		return NULL;
	}
	r->requests += request_size(c->jid, c->request);
	return c;
}

void roster_remove(struct roster *r, struct contact *c)
{
	map_remove(&r->contacts, &c->node);
	r->requests -= request_size(c->jid, c->request);
	free(c);
}

static struct removed *find_removed(const struct roster *r, struct str jid)
{
	struct map_node *n = map_find(&r->removed, jid.p, jid.len);

	return n != NULL ? container_of(n, struct removed, node) : NULL;
}

static void forget(struct roster *r, struct removed *gone)
{
	map_remove(&r->removed, &gone->node);
	free(gone);
}

void roster_remember(struct roster *r, struct str jid, uint64_t version)
{
	struct removed *gone = find_removed(r, jid);

	if (gone != NULL) {
		gone->version = version;
		return;
	}
	gone = malloc(sizeof *gone + jid.len);
	if (gone == NULL)
		return;
	gone->version = version;
	memcpy(gone->jid, jid.p, jid.len);
	if (map_add(&r->removed, &gone->node, gone->jid, jid.len) != 0)
		free(gone);
}

bool roster_unremember(struct roster *r, struct str jid)
{
	struct removed *gone = find_removed(r, jid);

	if (gone != NULL)
		forget(r, gone);
	return gone != NULL;
}

void roster_raise_floor(struct roster *r, uint64_t floor)
{
	struct map_walk walk;
	struct map_node *n;

	r->floor = floor;
	map_walk_start(&walk, &r->removed);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct removed *gone = container_of(n, struct removed, node);

		if (gone->version <= floor)
			forget(r, gone);
	}
}

void roster_clear(struct roster *r)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->contacts);
	while ((n = map_walk_next(&walk)) != NULL)
		roster_remove(r, container_of(n, struct contact, node));
	map_fini(&r->contacts);
	map_walk_start(&walk, &r->removed);
	while ((n = map_walk_next(&walk)) != NULL)
		forget(r, container_of(n, struct removed, node));
	map_fini(&r->removed);
	*r = (struct roster){0};
}

void roster_load_contact(struct roster *r, const struct store_rows *row)
{
	struct contact_text text = {
		.jid = store_row_text(row, 1),
		.version = (uint64_t)store_row_int(row, 2),
		.state = (uint8_t)store_row_int(row, 3),
		.flags = (uint8_t)store_row_int(row, 4),
		.name = store_row_text(row, 5),
		.groups = store_row_text(row, 6),
		.request = store_row_text(row, 7),
	};

	if (text.state < SUBSCRIPTIONS)
		(void)roster_put(r, &text);
}

void roster_load_removed(struct roster *r, const struct store_rows *row)
{
	roster_remember(r, store_row_text(row, 1), (uint64_t)store_row_int(row, 2));
}

void roster_each_removed(const struct roster *r,
	void (*each)(void *arg, struct str jid, uint64_t version), void *arg)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->removed);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct removed *gone = container_of(n, struct removed, node);

		each(arg, str_make(gone->node.key, gone->node.key_len), gone->version);
	}
}
