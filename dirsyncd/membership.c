/* Two indexes of accounts, one of groups, and one of whoever is mentioned: in which groups. */
#include "dirsyncd/membership.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/list.h"

/* Somebody or something that groups have in their lists, whether it is there or not. */
struct mentioned {
	struct map_node node;
	uint8_t key[DN_DIGEST_SIZE];
	struct list mentions;
};

/* It stands in the list of that group. */
struct mention {
	struct list link;
	struct mentioned *who;
	struct member_group *group;
};

struct membership {
	struct map by_dn, by_user; /* accounts */
	struct map groups;	   /* by DN */
	struct map mentioned;
	uint64_t walk; /* the last one's number: who has been seen in it */
	void (*touched)(void *arg, struct member_group *g);
	void *arg;
};

struct membership *membership_create(void (*touched)(void *arg, struct member_group *g), void *arg)
{
	struct membership *m = bh_alloc(sizeof *m);

	m->touched = touched;
	m->arg = arg;
	return m;
}

void membership_free(struct membership **ref)
{
	struct membership *m = *ref;

	*ref = NULL;
	if (m == NULL)
		return;
	map_fini(&m->by_dn);
	map_fini(&m->by_user);
	map_fini(&m->groups);
	map_fini(&m->mentioned);
	free(m);
}

/* A DN's digest never equals it: that is of a form that begins with another byte. */
void membership_user(struct str user, uint8_t out[DN_DIGEST_SIZE])
{
	struct buf form = BUF_INIT;

	buf_put_lit(&form, "user ");
	buf_put_str(&form, user);
	digest_128(buf_str(&form), out);
	buf_fini(&form);
}

/* ---- places -------------------------------------------------------------------------------- */

static void enter(struct map *index, struct place *p, const uint8_t key[DN_DIGEST_SIZE])
{
	memcpy(p->key, key, DN_DIGEST_SIZE);
	if (map_add(index, &p->node, p->key, DN_DIGEST_SIZE) != 0)
		p->node.key = NULL;
}

static void leave(struct map *index, struct place *p)
{
	if (p->node.key != NULL)
		map_remove(index, &p->node);
	p->node.key = NULL;
}

static struct mentioned *find_mentioned(const struct membership *m, const uint8_t key[DN_DIGEST_SIZE])
{
	struct map_node *n = map_find(&m->mentioned, key, DN_DIGEST_SIZE);

	return n != NULL ? container_of(n, struct mentioned, node) : NULL;
}

static struct member_group *find_group(const struct membership *m, const uint8_t key[DN_DIGEST_SIZE])
{
	struct map_node *n = map_find(&m->groups, key, DN_DIGEST_SIZE);

	return n != NULL ? container_of(n, struct member_group, by_dn.node) : NULL;
}

/* ---- upwards: who contains it -------------------------------------------------------------- */

/* Groups that were not seen in this walk are put on the list of those to be looked at. */
static void push(struct membership *m, struct member_group *g, struct member_group *via, struct member_group **todo)
{
	if (g->seen == m->walk)
		return;
	g->seen = m->walk;
	g->via = via;
	g->next = *todo;
	*todo = g;
}

static struct member_group *pop(struct member_group **todo)
{
	struct member_group *g = *todo;

	*todo = g->next;
	return g;
}

/* Those that have that one in their lists; via is NULL, or is that one. */
static void push_containing(struct membership *m, const uint8_t key[DN_DIGEST_SIZE], struct member_group *via,
	struct member_group **todo)
{
	const struct mentioned *who = find_mentioned(m, key);

	if (who != NULL)
		list_for_each(pos, &who->mentions)
			push(m, container_of(pos, struct mention, link)->group, via, todo);
}

static void visit_up(
	struct membership *m, struct member_group *todo, void (*each)(void *arg, struct member_group *g), void *arg)
{
	while (todo != NULL) {
		struct member_group *g = pop(&todo);

		each(arg, g);
		push_containing(m, g->by_dn.key, g, &todo);
	}
}

void membership_groups(struct membership *m, const struct member_person *p,
	void (*each)(void *arg, struct member_group *g), void *arg)
{
	struct member_group *todo = NULL;

	m->walk++;
	if (p->by_dn.node.key != NULL)
		push_containing(m, p->by_dn.key, NULL, &todo);
	if (p->by_user.node.key != NULL)
		push_containing(m, p->by_user.key, NULL, &todo);
	visit_up(m, todo, each, arg);
}

static void touch_person(struct membership *m, const struct member_person *p)
{
	membership_groups(m, p, m->touched, m->arg);
}

/* ---- accounts ------------------------------------------------------------------------------ */

void membership_put_person(
	struct membership *m, struct member_person *p, const uint8_t dn[DN_DIGEST_SIZE], struct str user)
{
	uint8_t key[DN_DIGEST_SIZE];

	membership_user(user, key);
	if (p->by_dn.node.key != NULL &&
		(memcmp(p->by_dn.key, dn, DN_DIGEST_SIZE) != 0 || memcmp(p->by_user.key, key, DN_DIGEST_SIZE) != 0))
		membership_drop_person(m, p);
	if (p->by_dn.node.key == NULL) {
		enter(&m->by_dn, &p->by_dn, dn);
		enter(&m->by_user, &p->by_user, key);
	}
	touch_person(m, p);
}

void membership_drop_person(struct membership *m, struct member_person *p)
{
	touch_person(m, p);
	leave(&m->by_dn, &p->by_dn);
	leave(&m->by_user, &p->by_user);
}

/* ---- groups -------------------------------------------------------------------------------- */

static struct mentioned *mentioned(struct membership *m, const uint8_t key[DN_DIGEST_SIZE])
{
	struct mentioned *who = find_mentioned(m, key);

	if (who != NULL)
		return who;
	who = bh_alloc(sizeof *who);
	memcpy(who->key, key, DN_DIGEST_SIZE);
	list_init(&who->mentions);
	if (map_add(&m->mentioned, &who->node, who->key, DN_DIGEST_SIZE) == 0)
		return who;
	free(who);
	return NULL;
}

static void forget_members(struct membership *m, struct member_group *g)
{
	for (size_t i = 0; i < g->n; i++) {
		struct mentioned *who = g->members[i].who;

		list_remove(&g->members[i].link);
		if (!list_empty(&who->mentions))
			continue;
		map_remove(&m->mentioned, &who->node);
		free(who);
	}
	free(g->members);
	g->members = NULL;
	g->n = 0;
}

static int take_members(struct membership *m, struct member_group *g, struct member_list list)
{
	g->members = list.n > 0 ? calloc(list.n, sizeof *g->members) : NULL;
	if (list.n > 0 && g->members == NULL)
		return BH_ENOMEM;
	for (size_t i = 0; i < list.n; i++) {
		struct mentioned *who = mentioned(m, list.digests + i * DN_DIGEST_SIZE);

		if (who == NULL)
			return BH_ENOMEM;
		g->members[i] = (struct mention){.who = who, .group = g};
		list_append(&who->mentions, &g->members[i].link);
		g->n = i + 1;
	}
	return 0;
}

static void touch_group(struct membership *m, struct member_group *g)
{
	struct member_group *todo = NULL;

	m->walk++;
	push(m, g, NULL, &todo);
	visit_up(m, todo, m->touched, m->arg);
}

int membership_put_group(
	struct membership *m, struct member_group *g, const uint8_t dn[DN_DIGEST_SIZE], struct member_list members)
{
	int rc;

	if (g->by_dn.node.key != NULL && memcmp(g->by_dn.key, dn, DN_DIGEST_SIZE) != 0)
		membership_drop_group(m, g);
	if (g->by_dn.node.key == NULL)
		enter(&m->groups, &g->by_dn, dn);
	forget_members(m, g);
	rc = take_members(m, g, members);
	touch_group(m, g);
	return rc;
}

void membership_drop_group(struct membership *m, struct member_group *g)
{
	if (g->by_dn.node.key == NULL)
		return;
	touch_group(m, g);
	forget_members(m, g);
	leave(&m->groups, &g->by_dn);
}

/* ---- downwards: whom it contains ----------------------------------------------------------- */

static struct member_person *find_person(const struct membership *m, const uint8_t key[DN_DIGEST_SIZE])
{
	struct map_node *n = map_find(&m->by_dn, key, DN_DIGEST_SIZE);

	if (n != NULL)
		return container_of(n, struct member_person, by_dn.node);
	n = map_find(&m->by_user, key, DN_DIGEST_SIZE);
	return n != NULL ? container_of(n, struct member_person, by_user.node) : NULL;
}

struct counting {
	size_t n, max;
	void (*each)(void *arg, struct member_person *p);
	void *arg;
};

/* One of its list: an account, a group that is to be looked at, or nothing yet. */
static void visit(struct membership *m, const uint8_t *key, struct member_group **todo, struct counting *c)
{
	struct member_person *p = find_person(m, key);
	struct member_group *g;

	if (p == NULL) {
		g = find_group(m, key);
		if (g != NULL)
			push(m, g, NULL, todo);
		return;
	}
	if (p->seen == m->walk)
		return;
	p->seen = m->walk;
	if (++c->n <= c->max)
		c->each(c->arg, p);
}

bool membership_each(struct membership *m, struct member_group *g, size_t max,
	void (*each)(void *arg, struct member_person *p), void *arg)
{
	struct counting c = {.max = max, .each = each, .arg = arg};
	struct member_group *todo = NULL;

	m->walk++;
	push(m, g, NULL, &todo);
	while (todo != NULL && c.n <= max) {
		struct member_group *one = pop(&todo);

		for (size_t i = 0; i < one->n && c.n <= max; i++)
			visit(m, one->members[i].who->key, &todo, &c);
	}
	return c.n <= max;
}
