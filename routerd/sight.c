/* Predicates and walks. */
#include "routerd/sight.h"

#include <string.h>

#include "base/alloc.h"
#include "routerd/regroup.h"
#include "xmpp/jid.h"

/* `was` is the change, where it is asked how things were before it; NULL: how they are. */

static bool in(const struct person *m, const struct group *g, const struct regroup *was)
{
	if (m == NULL)
		return false;
	if (was != NULL && was->group == g && m->moved != MOVED_NOT)
		return m->moved == MOVED_OUT;
	return ptrs_has(&m->groups, g);
}

static const struct group_look *look_of(const struct group *g, const struct regroup *was)
{
	return was != NULL && was->group == g ? &was->look : &g->look;
}

typedef bool watch_fn(struct viewer v, const struct group *g, const struct regroup *was);

static bool nobody(struct viewer v, const struct group *g, const struct regroup *was)
{
	(void)v, (void)g, (void)was;
	return false;
}

static bool members(struct viewer v, const struct group *g, const struct regroup *was)
{
	return in(v.person, g, was);
}

static bool everybody(struct viewer v, const struct group *g, const struct regroup *was)
{
	(void)was;
	return v.realm == g->realm;
}

static bool of_groups(struct viewer v, const struct group *g, const struct regroup *was)
{
	const struct ptrs *viewers = &look_of(g, was)->viewers;

	if (in(v.person, g, was))
		return true;
	for (uint32_t i = 0; v.person != NULL && i < viewers->n; i++)
		if (in(v.person, viewers->of[i], was))
			return true;
	return false;
}

static watch_fn *const shown_to[] = {
	[GROUP_SHOW_NOBODY] = nobody,
	[GROUP_SHOW_MEMBERS] = members,
	[GROUP_SHOW_EVERYBODY] = everybody,
	[GROUP_SHOW_GROUPS] = of_groups,
};

static bool watches(struct viewer v, const struct group *g, const struct regroup *was)
{
	const struct group_look *look = look_of(g, was);

	return look->there && shown_to[look->show](v, g, was);
}

struct viewer viewer_of(const struct people *p, struct str bare)
{
	const struct person *m = people_find(p, bare);
	struct map_node *n;
	struct jid jid;

	if (m != NULL)
		return viewer_person(m);
	jid_split(bare, &jid);
	n = jid.local.p != NULL ? map_find(&p->realms, jid.domain.p, jid.domain.len) : NULL;
	return (struct viewer){.realm = n != NULL ? container_of(n, struct realm, node) : NULL};
}

static bool sees(struct viewer v, const struct person *m, const struct regroup *was)
{
	if (m == NULL || m == v.person)
		return false;
	if (was != NULL && in(m, was->group, was) && watches(v, was->group, was))
		return true;
	for (uint32_t i = 0; i < m->groups.n; i++)
		if (in(m, m->groups.of[i], was) && watches(v, m->groups.of[i], was))
			return true;
	return false;
}

bool sight_sees(struct viewer v, const struct person *m)
{
	return sees(v, m, NULL);
}

/* ---- before and after ------------------------------------------------------------------- */

static void compare_by(const struct regroup *was, struct viewer v, const struct person *m, const struct group *g,
	struct sight_change *c)
{
	bool before = in(m, g, was) && watches(v, g, was), now = in(m, g, NULL) && watches(v, g, NULL);

	c->saw |= before;
	c->sees |= now;
	c->differs |= before != now;
	if (now && g == was->group && strcmp(g->look.title, was->look.title) != 0)
		c->differs = true;
}

struct sight_change sight_compare(const struct people *p, struct viewer v, const struct person *m)
{
	const struct regroup *was = p->change;
	struct sight_change c = {.saw = false};

	BUG_ON(was == NULL);
	if (m == v.person)
		return c;
	for (uint32_t i = 0; i < m->groups.n; i++)
		compare_by(was, v, m, m->groups.of[i], &c);
	if (m->moved == MOVED_OUT)
		compare_by(was, v, m, was->group, &c);
	if (c.sees && !c.differs)
		c.differs = m->renamed || sees(viewer_person(m), v.person, was) != sees(viewer_person(m), v.person, NULL);
	return c;
}

/* ---- what he is, and what he watches ------------------------------------------------------ */

static unsigned roles(const struct person *m, const struct regroup *was)
{
	unsigned found = 0;

	for (uint32_t i = 0; i < m->groups.n; i++)
		if (in(m, m->groups.of[i], was))
			found |= look_of(m->groups.of[i], was)->roles;
	if (was != NULL && m->moved == MOVED_OUT)
		found |= was->look.roles;
	return found;
}

unsigned sight_roles(const struct person *m)
{
	return roles(m, NULL);
}

unsigned sight_roles_before(const struct people *p, const struct person *m)
{
	return roles(m, p->change);
}

void sight_each_group(struct viewer v, const struct person *m, sight_group_fn *each, void *arg)
{
	if (m == v.person)
		return;
	for (uint32_t i = 0; i < m->groups.n; i++)
		if (watches(v, m->groups.of[i], NULL))
			each(arg, m->groups.of[i]);
}

/* Of a viewer group he is the first of his that brings him to g. */
static bool is_first(const struct person *m, uint32_t i, const struct group *g)
{
	if (in(m, g, NULL))
		return false;
	for (uint32_t k = 0; k < i; k++)
		if (ptrs_has(&g->look.viewers, m->groups.of[k]))
			return false;
	return true;
}

static void each_as_viewer(const struct person *m, uint32_t i, sight_group_fn *each, void *arg)
{
	const struct group *viewer = m->groups.of[i];

	for (uint32_t k = 0; k < viewer->shown.n; k++)
		if (is_first(m, i, viewer->shown.of[k]))
			each(arg, viewer->shown.of[k]);
}

void sight_each_watched(struct viewer v, sight_group_fn *each, void *arg)
{
	for (uint32_t i = 0; v.realm != NULL && i < v.realm->everybody.n; i++)
		each(arg, v.realm->everybody.of[i]);
	for (uint32_t i = 0; v.person != NULL && i < v.person->groups.n; i++) {
		const struct group *g = v.person->groups.of[i];

		if (g->look.there && g->look.show != GROUP_SHOW_EVERYBODY && watches(v, g, NULL))
			each(arg, g);
		each_as_viewer(v.person, i, each, arg);
	}
}

static uint64_t mix(const struct group *g, uint64_t salt)
{
	uint64_t h = salt ^ g->version, word;

	for (size_t at = 0; at < sizeof g->id; at += sizeof word) {
		memcpy(&word, g->id + at, sizeof word);
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return h;
}

/* Who sees him by it, and so whom he sees who sees him, is also a matter of who is in the viewers. */
static void add_print(void *sum, const struct group *g)
{
	uint64_t *print = sum;

	*print += mix(g, 1);
	for (uint32_t i = 0; i < g->look.viewers.n; i++)
		*print += mix(g->look.viewers.of[i], 2);
}

uint64_t sight_print(struct viewer v)
{
	uint64_t print = 0;

	sight_each_watched(v, add_print, &print);
	return print;
}

/* ---- walks -------------------------------------------------------------------------------- */

struct seen_walk {
	uint32_t stamp;
	struct viewer viewer;
	sight_person_fn *each;
	void *arg;
};

static void each_member(void *walk, const struct group *g)
{
	const struct seen_walk *w = walk;

	for (uint32_t i = 0; i < g->members.n; i++) {
		struct person *m = g->members.of[i];

		if (m->stamp == w->stamp || m == w->viewer.person)
			continue;
		m->stamp = w->stamp;
		w->each(w->arg, m);
	}
}

void sight_each_seen(struct people *p, struct viewer v, sight_person_fn *each, void *arg)
{
	struct seen_walk w = {++p->stamp, v, each, arg};

	sight_each_watched(v, each_member, &w);
}

void sight_walk_begin(struct sight_walk *w, struct people *p)
{
	w->people = p;
	w->stamp = ++p->stamp;
}

void sight_walk_one(struct sight_walk *w, struct present *who)
{
	if (who->stamp == w->stamp || (w->not != NULL && who->person == w->not))
		return;
	who->stamp = w->stamp;
	w->each(w->arg, who);
}

void sight_walk_members(struct sight_walk *w, const struct group *g)
{
	list_for_each_safe(pos, &g->present)
		sight_walk_one(w, container_of(pos, struct place, in_group)->present);
}

void sight_walk_watchers(struct sight_walk *w, const struct group *g, const struct group_look *look)
{
	if (!look->there || look->show == GROUP_SHOW_NOBODY)
		return;
	if (look->show == GROUP_SHOW_EVERYBODY)
		list_for_each_safe(pos, &g->realm->present)
			sight_walk_one(w, container_of(pos, struct present, in_realm));
	sight_walk_members(w, g);
	for (uint32_t i = 0; i < look->viewers.n; i++)
		sight_walk_members(w, look->viewers.of[i]);
}

static void each_member_present(void *walk, const struct group *g)
{
	sight_walk_members(walk, g);
}

void sight_each_seen_present(struct people *p, struct viewer v, sight_present_fn *each, void *arg)
{
	struct sight_walk w = {.not = v.person, .each = each, .arg = arg};

	sight_walk_begin(&w, p);
	sight_each_watched(v, each_member_present, &w);
}

void sight_each_viewer(struct people *p, const struct person *m, sight_present_fn *each, void *arg)
{
	struct sight_walk w = {.not = m, .each = each, .arg = arg};

	sight_walk_begin(&w, p);
	for (uint32_t i = 0; i < m->groups.n; i++) {
		const struct group *g = m->groups.of[i];

		sight_walk_watchers(&w, g, &g->look);
	}
}

struct saw_walk {
	const struct people *people;
	const struct person *who;
	sight_present_fn *each;
	void *arg;
};

static void if_he_saw(void *walk, struct present *v)
{
	const struct saw_walk *w = walk;
	struct viewer viewer = viewer_present(v);

	if (!sees(viewer, w->who, NULL) && sees(viewer, w->who, w->people->change))
		w->each(w->arg, v);
}

void sight_each_who_saw(struct people *p, const struct person *m, sight_present_fn *each, void *arg)
{
	struct saw_walk w = {p, m, each, arg};

	if (p->change != NULL && regroup_touches(p->change, m))
		regroup_each_viewer(p->change, if_he_saw, &w);
}
