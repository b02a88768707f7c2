/* Persons, groups, and those who are present. */
#include "routerd/people.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "xmpp/jid.h"

void people_init(struct people *p, struct present *(*present_of)(void *owner, struct str bare), void *owner)
{
	*p = (struct people){.present_of = present_of, .owner = owner};
}

/* ---- domains ------------------------------------------------------------------------- */

struct realm *people_realm(struct people *p, struct str name)
{
	struct map_node *n = map_find(&p->realms, name.p, name.len);
	struct realm *realm;

	if (n != NULL)
		return container_of(n, struct realm, node);
	realm = bh_alloc(sizeof *realm + name.len);
	list_init(&realm->present);
	memcpy(realm->name, name.p, name.len);
	BUG_ON(map_add(&p->realms, &realm->node, realm->name, name.len) != 0);
	return realm;
}

/* ---- persons -------------------------------------------------------------------------- */

struct person *people_find(const struct people *p, struct str bare)
{
	struct map_node *n = map_find(&p->persons, bare.p, bare.len);

	return n != NULL ? container_of(n, struct person, node) : NULL;
}

struct person *people_add(struct people *p, struct str bare, struct str name, uint32_t id)
{
	struct person *m = bh_alloc(sizeof *m + bare.len);
	struct jid jid;

	jid_split(bare, &jid);
	memcpy(m->jid, bare.p, bare.len);
	m->realm = people_realm(p, jid.domain);
	m->name = bh_strndup(name.p, name.len);
	m->id = id != 0 ? id : p->last_id + 1;
	if (m->id > p->last_id)
		p->last_id = m->id;
	BUG_ON(map_add(&p->persons, &m->node, m->jid, bare.len) != 0);
	m->present = p->present_of(p->owner, bare);
	if (m->present != NULL)
		m->present->person = m;
	return m;
}

struct str person_jid(const struct person *m)
{
	return str_make(m->jid, m->node.key_len);
}

void person_rename(struct person *m, struct str name)
{
	char *fresh = bh_strndup(name.p, name.len);

	free(m->name);
	m->name = fresh;
}

static void free_person(struct people *p, struct person *m)
{
	if (m->present != NULL)
		m->present->person = NULL;
	map_remove(&p->persons, &m->node);
	ptrs_fini(&m->groups);
	free(m->name);
	free(m);
}

bool people_drop(struct people *p, struct person *m)
{
	if (m->groups.n > 0)
		return false;
	free_person(p, m);
	return true;
}

/* ---- groups ---------------------------------------------------------------------------- */

struct group *people_group_find(const struct people *p, const uint8_t id[GROUP_ID_SIZE])
{
	struct map_node *n = map_find(&p->groups, id, GROUP_ID_SIZE);

	return n != NULL ? container_of(n, struct group, node) : NULL;
}

struct group *people_group(struct people *p, const uint8_t id[GROUP_ID_SIZE])
{
	struct group *g = people_group_find(p, id);

	if (g != NULL)
		return g;
	g = bh_alloc(sizeof *g);
	memcpy(g->id, id, sizeof g->id);
	g->look.title = bh_strdup("");
	list_init(&g->present);
	BUG_ON(map_add(&p->groups, &g->node, g->id, sizeof g->id) != 0);
	return g;
}

void group_look_fini(struct group_look *look)
{
	free(look->title);
	look->title = NULL;
	ptrs_fini(&look->viewers);
}

/* Whoever looks for what he sees finds the group by these. */
static void put_up(struct group *g)
{
	if (!g->look.there)
		return;
	if (g->look.show == GROUP_SHOW_EVERYBODY)
		ptrs_add(&g->realm->everybody, g);
	for (uint32_t i = 0; i < g->look.viewers.n; i++)
		ptrs_add(&((struct group *)g->look.viewers.of[i])->shown, g);
}

static void take_down(struct group *g)
{
	if (!g->look.there)
		return;
	if (g->look.show == GROUP_SHOW_EVERYBODY)
		ptrs_remove(&g->realm->everybody, g);
	for (uint32_t i = 0; i < g->look.viewers.n; i++)
		ptrs_remove(&((struct group *)g->look.viewers.of[i])->shown, g);
}

void group_look(struct group *g, const struct group_look *look)
{
	take_down(g);
	g->look = *look;
	put_up(g);
}

static void free_group(struct people *p, struct group *g)
{
	map_remove(&p->groups, &g->node);
	group_look_fini(&g->look);
	ptrs_fini(&g->members);
	ptrs_fini(&g->shown);
	free(g->directory);
	free(g);
}

void people_group_drop(struct people *p, struct group *g)
{
	if (!g->look.there && g->shown.n == 0)
		free_group(p, g);
}

/* ---- who is in which, and present there -------------------------------------------------- */

static void take_place(struct present *who, struct group *g)
{
	struct place *place = bh_alloc(sizeof *place);

	place->present = who;
	place->group = g;
	list_append(&who->places, &place->in_present);
	list_append(&g->present, &place->in_group);
}

static void free_place(struct place *place)
{
	list_remove(&place->in_present);
	list_remove(&place->in_group);
	free(place);
}

void group_join(struct group *g, struct person *m)
{
	ptrs_add(&m->groups, g);
	if (m->present != NULL)
		take_place(m->present, g);
}

void group_leave(struct group *g, struct person *m)
{
	ptrs_remove(&m->groups, g);
	if (m->present == NULL)
		return;
	list_for_each_safe(pos, &m->present->places) {
		struct place *place = container_of(pos, struct place, in_present);

		if (place->group == g)
			free_place(place);
	}
}

void people_member(struct people *p, struct group *g, struct person *m)
{
	ptrs_add(&g->members, m);
	p->members++;
	group_join(g, m);
}

void people_arrive(struct people *p, struct present *who, struct str bare)
{
	struct jid jid;

	jid_split(bare, &jid);
	list_init(&who->places);
	who->realm = people_realm(p, jid.domain);
	list_append(&who->realm->present, &who->in_realm);
	who->person = people_find(p, bare);
	if (who->person == NULL)
		return;
	who->person->present = who;
	for (uint32_t i = 0; i < who->person->groups.n; i++)
		take_place(who, who->person->groups.of[i]);
}

void people_depart(struct present *who)
{
	if (who->realm == NULL)
		return;
	while (!list_empty(&who->places))
		free_place(container_of(who->places.next, struct place, in_present));
	list_remove(&who->in_realm);
	if (who->person != NULL)
		who->person->present = NULL;
	*who = (struct present){0};
}

void people_fini(struct people *p)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &p->groups);
	while ((n = map_walk_next(&walk)) != NULL)
		free_group(p, container_of(n, struct group, node));
	map_walk_start(&walk, &p->persons);
	while ((n = map_walk_next(&walk)) != NULL)
		free_person(p, container_of(n, struct person, node));
	map_walk_start(&walk, &p->realms);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct realm *realm = container_of(n, struct realm, node);

		map_remove(&p->realms, n);
		ptrs_fini(&realm->everybody);
		free(realm);
	}
	map_fini(&p->groups);
	map_fini(&p->persons);
	map_fini(&p->realms);
}
