/* A group's change: read, found, made, and told of. */
#include "routerd/regroup.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rand.h"

struct regroup *regroup_create(struct people *p, struct group *g, struct group_look *look)
{
	struct regroup *rg = bh_alloc(sizeof *rg);

	rg->people = p;
	rg->group = g;
	rg->look = *look;
	return rg;
}

/* ---- what will be different -------------------------------------------------------------- */

static void rename_later(struct regroup *rg, struct person *m, struct str name)
{
	struct renaming *r = bh_alloc(sizeof *r);

	r->person = m;
	r->name = bh_strndup(name.p, name.len);
	ptrs_add(&rg->renamed, r);
}

bool regroup_member(struct regroup *rg, struct str bare, struct str name, struct person **who)
{
	struct person *m = people_find(rg->people, bare);
	bool fresh = m == NULL;

	if (fresh)
		m = people_add(rg->people, bare, name, 0);
	*who = m;
	if (m->moved != MOVED_NOT)
		return false; /* named twice */
	m->moved = ptrs_has(&m->groups, rg->group) ? MOVED_KEPT : MOVED_IN;
	ptrs_add(&rg->members, m);
	if (m->moved == MOVED_IN)
		ptrs_add(&rg->added, m);
	if (!fresh && !str_is(name, m->name))
		rename_later(rg, m, name);
	return fresh;
}

bool regroup_left(struct regroup *rg, uint32_t *at, uint32_t most)
{
	const struct ptrs *old = &rg->group->members;

	for (; most > 0 && *at < old->n; most--, ++*at) {
		struct person *m = old->of[*at];

		if (m->moved == MOVED_KEPT) {
			m->moved = MOVED_NOT;
			continue;
		}
		m->moved = MOVED_OUT;
		ptrs_add(&rg->removed, m);
	}
	return *at == old->n;
}

static bool same_viewers(const struct ptrs *a, const struct ptrs *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (!ptrs_has(b, a->of[i]))
			return false;
	return true;
}

static bool same_look(const struct group_look *a, const struct group_look *b)
{
	return a->there == b->there && a->show == b->show && strcmp(a->title, b->title) == 0 &&
	       same_viewers(&a->viewers, &b->viewers);
}

static bool moves(const struct regroup *rg)
{
	return rg->added.n + rg->removed.n > 0;
}

bool regroup_is_nothing(const struct regroup *rg)
{
	return !moves(rg) && rg->renamed.n == 0 && same_look(&rg->look, &rg->group->look) &&
	       rg->look.roles == rg->group->look.roles;
}

/* ---- making it so -------------------------------------------------------------------------- */

static void renew(struct regroup *rg, struct group *g)
{
	if (g->next_version != 0)
		return;
	g->next_version = rand_u64() | 1;
	ptrs_add(&rg->renewed, g);
}

/* Roles are no matter of rosters. */
void regroup_renew(struct regroup *rg)
{
	if (moves(rg) || !same_look(&rg->look, &rg->group->look))
		renew(rg, rg->group);
	for (uint32_t i = 0; i < rg->renamed.n; i++) {
		const struct person *m = ((const struct renaming *)rg->renamed.of[i])->person;

		for (uint32_t k = 0; k < m->groups.n; k++)
			renew(rg, m->groups.of[k]);
	}
}

static void forget_renewed(struct regroup *rg)
{
	for (uint32_t i = 0; i < rg->renewed.n; i++)
		((struct group *)rg->renewed.of[i])->next_version = 0;
	ptrs_fini(&rg->renewed);
}

static void take_versions(struct regroup *rg)
{
	for (uint32_t i = 0; i < rg->renewed.n; i++) {
		struct group *g = rg->renewed.of[i];

		g->version = g->next_version;
	}
	forget_renewed(rg);
}

static void rename_all(struct regroup *rg)
{
	for (uint32_t i = 0; i < rg->renamed.n; i++) {
		struct renaming *r = rg->renamed.of[i];

		person_rename(r->person, str_of(r->name));
		r->person->renamed = true;
	}
}

static void move_all(struct regroup *rg)
{
	struct group *g = rg->group;
	struct ptrs old = g->members;

	for (uint32_t i = 0; i < rg->removed.n; i++)
		group_leave(g, rg->removed.of[i]);
	for (uint32_t i = 0; i < rg->added.n; i++)
		group_join(g, rg->added.of[i]);
	rg->people->members += rg->members.n;
	rg->people->members -= old.n;
	g->members = rg->members;
	rg->members = (struct ptrs){0};
	ptrs_fini(&old);
}

void regroup_apply(struct regroup *rg)
{
	struct group_look before = rg->group->look;

	rg->relooked = !same_look(&rg->look, &before);
	group_look(rg->group, &rg->look);
	rg->look = before;
	move_all(rg);
	rename_all(rg);
	take_versions(rg);
	rg->people->change = rg;
}

void regroup_was_renamed(struct regroup *rg, struct person *m)
{
	rename_later(rg, m, str_of(m->name));
}

void regroup_again(struct regroup *rg)
{
	rg->relooked = !same_look(&rg->look, &rg->group->look);
	for (uint32_t i = 0; i < rg->added.n; i++)
		((struct person *)rg->added.of[i])->moved = MOVED_IN;
	for (uint32_t i = 0; i < rg->removed.n; i++)
		((struct person *)rg->removed.of[i])->moved = MOVED_OUT;
	for (uint32_t i = 0; i < rg->renamed.n; i++)
		((struct renaming *)rg->renamed.of[i])->person->renamed = true;
	rg->people->change = rg;
}

/* ---- who is to be told of whom --------------------------------------------------------------- */

static void walk_renamed(struct sight_walk *w, const struct person *m)
{
	for (uint32_t i = 0; i < m->groups.n; i++) {
		const struct group *g = m->groups.of[i];

		sight_walk_watchers(w, g, &g->look);
	}
}

/* Those who see by the group, who are in it, or who are seen by those who see by it; each as it was and is. */
void regroup_each_viewer(struct regroup *rg, sight_present_fn *each, void *arg)
{
	struct sight_walk w = {.each = each, .arg = arg};
	const struct group *g = rg->group;

	sight_walk_begin(&w, rg->people);
	sight_walk_watchers(&w, g, &g->look);
	sight_walk_watchers(&w, g, &rg->look);
	sight_walk_members(&w, g);
	for (uint32_t i = 0; i < rg->removed.n; i++) {
		const struct person *m = rg->removed.of[i];

		if (m->present != NULL)
			sight_walk_one(&w, m->present);
	}
	for (uint32_t i = 0; moves(rg) && i < g->shown.n; i++)
		sight_walk_members(&w, g->shown.of[i]);
	for (uint32_t i = 0; i < rg->renamed.n; i++)
		walk_renamed(&w, ((const struct renaming *)rg->renamed.of[i])->person);
}

struct contact_walk {
	struct regroup *regroup;
	struct viewer viewer;
	uint32_t stamp;
	regroup_contact_fn *each;
	void *arg;
};

static void compare(struct contact_walk *w, struct person *m)
{
	struct sight_change c;

	if (m->stamp == w->stamp)
		return;
	m->stamp = w->stamp;
	c = sight_compare(w->regroup->people, w->viewer, m);
	if (c.differs)
		w->each(w->arg, m, c);
}

static void compare_all(struct contact_walk *w, const struct ptrs *persons)
{
	for (uint32_t i = 0; i < persons->n; i++)
		compare(w, persons->of[i]);
}

static void compare_members(void *walk, const struct group *g)
{
	compare_all(walk, &g->members);
}

/* To one who was moved, or is in a group that others see now, all whom he sees or saw may look otherwise. */
static bool is_moved(const struct regroup *rg, struct viewer v)
{
	return v.person != NULL &&
	       (v.person->moved != MOVED_NOT || (rg->relooked && ptrs_has(&v.person->groups, rg->group)));
}

void regroup_each_contact(struct regroup *rg, struct viewer v, regroup_contact_fn *each, void *arg)
{
	struct contact_walk w = {rg, v, ++rg->people->stamp, each, arg};
	bool moved = is_moved(rg, v);

	if (moved)
		sight_each_watched(v, compare_members, &w);
	if (moved || rg->relooked)
		compare_members(&w, rg->group);
	for (uint32_t i = 0; moved && i < rg->group->shown.n; i++)
		compare_members(&w, rg->group->shown.of[i]);
	compare_all(&w, &rg->added);
	compare_all(&w, &rg->removed);
	for (uint32_t i = 0; i < rg->renamed.n; i++)
		compare(&w, ((const struct renaming *)rg->renamed.of[i])->person);
}

bool regroup_touches(const struct regroup *rg, const struct person *m)
{
	if (m->moved != MOVED_NOT)
		return true;
	if (ptrs_has(&m->groups, rg->group))
		return rg->relooked || moves(rg);
	for (uint32_t i = 0; moves(rg) && i < m->groups.n; i++)
		if (ptrs_has(&rg->group->shown, m->groups.of[i]))
			return true;
	return false;
}

/* ---- the end ---------------------------------------------------------------------------------- */

static void let_go(struct regroup *rg, struct person *m, void (*gone)(void *arg, uint32_t id), void *arg)
{
	uint32_t id = m->id;

	m->moved = MOVED_NOT;
	if (people_drop(rg->people, m) && gone != NULL)
		gone(arg, id);
}

static void forget_renamed(struct regroup *rg)
{
	for (uint32_t i = 0; i < rg->renamed.n; i++) {
		struct renaming *r = rg->renamed.of[i];

		r->person->renamed = false;
		free(r->name);
		free(r);
	}
	ptrs_fini(&rg->renamed);
}

/* Those that it shows itself to, too, may have been kept by its name alone. */
static void drop_groups(struct regroup *rg)
{
	struct ptrs viewers = rg->look.viewers;

	rg->look.viewers = (struct ptrs){0};
	group_look_fini(&rg->look);
	for (uint32_t i = 0; i < viewers.n; i++)
		if (viewers.of[i] != rg->group)
			people_group_drop(rg->people, viewers.of[i]);
	ptrs_fini(&viewers);
	people_group_drop(rg->people, rg->group);
}

/* Also of one that was never applied: then some are marked as kept. */
void regroup_free(struct regroup **regroup, void (*gone)(void *arg, uint32_t id), void *arg)
{
	struct regroup *rg = *regroup;

	*regroup = NULL;
	if (rg == NULL)
		return;
	if (rg->people->change == rg)
		rg->people->change = NULL;
	forget_renamed(rg);
	forget_renewed(rg);
	for (uint32_t i = 0; i < rg->members.n; i++)
		((struct person *)rg->members.of[i])->moved = MOVED_NOT;
	ptrs_fini(&rg->members);
	for (uint32_t i = 0; i < rg->removed.n; i++)
		let_go(rg, rg->removed.of[i], gone, arg);
	for (uint32_t i = 0; i < rg->added.n; i++)
		let_go(rg, rg->added.of[i], gone, arg);
	ptrs_fini(&rg->removed);
	ptrs_fini(&rg->added);
	drop_groups(rg);
	free(rg);
}
