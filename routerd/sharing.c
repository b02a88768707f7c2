/* Groups and accounts: who is present, who is asked about. */
#include "routerd/sharing.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "routerd/account.h"
#include "routerd/domains.h"
#include "routerd/sharing_task.h"
#include "routerd/sight.h"

static struct account *account_at(struct present *who)
{
	return container_of(who, struct account, present);
}

static struct present *present_of(void *router, struct str bare)
{
	struct account *a = account_find(router, bare);

	return a != NULL && a->present.realm != NULL ? &a->present : NULL;
}

struct sharing *sharing_create(struct router *r)
{
	struct sharing *s = bh_alloc(sizeof *s);

	s->router = r;
	people_init(&s->people, present_of, r);
	list_init(&s->tasks);
	s->timer.data = s;
	uv_timer_init(r->daemon->loop, &s->timer);
	uv_unref((uv_handle_t *)&s->timer);
	return s;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct sharing *s = handle->data;
	void (*done)(void *router) = s->stopped;

	s->stopped = NULL;
	done(s->router);
}

void sharing_stop(struct router *r, void (*done)(void *router))
{
	r->sharing->stopped = done;
	uv_close((uv_handle_t *)&r->sharing->timer, on_timer_closed);
}

void sharing_free(struct sharing **sharing)
{
	struct sharing *s = *sharing;

	*sharing = NULL;
	if (s == NULL)
		return;
	sharing_tasks_free(s);
	people_fini(&s->people);
	buf_fini(&s->places);
	buf_fini(&s->unasked);
	free(s->listed);
	free(s);
}

/* ---- what the configuration says -------------------------------------------------------- */

static void put_places(const struct router *r, struct buf *out)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->domains);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct domain *d = container_of(n, struct domain, node);

		buf_printf(out, "%s/%s\n", d->name, d->directory.name != NULL ? d->directory.name : "");
	}
}

bool sharing_has_place(const struct router *r, struct str directory, struct str domain)
{
	const struct domain *d = domain_find(&r->domains, domain);

	return d != NULL && d->directory.name != NULL && str_is(directory, d->directory.name);
}

void sharing_want_gone(struct sharing *s, const struct group *g)
{
	struct wanted w = {.gone = true, .directory = str_of(g->directory)};

	memcpy(w.id, g->id, sizeof w.id);
	sharing_want(s, &w);
}

static void drop_misplaced(struct sharing *s)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &s->people.groups);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct group *g = container_of(n, struct group, node);

		if (g->look.there && !sharing_has_place(s->router, str_of(g->directory),
					     str_make(g->realm->name, g->realm->node.key_len)))
			sharing_want_gone(s, g);
	}
}

/* dirsyncd names its groups at the beginning of a link: those that found no place may have one now. */
static void ask_anew(struct router *r)
{
	struct bus_peer *p = NULL;

	while ((p = bus_server_next(r->server, ROLE_DIR, p)) != NULL)
		if (p->link != NULL)
			link_close_after_write(p->link, "other domains have directories now");
}

void sharing_review(struct router *r)
{
	struct sharing *s = r->sharing;
	struct buf places = BUF_INIT;

	put_places(r, &places);
	if (s->open && !str_eq(buf_str(&places), buf_str(&s->places)))
		ask_anew(r);
	buf_fini(&s->places);
	s->places = places;
	if (s->open)
		drop_misplaced(s);
}

void sharing_open(struct router *r)
{
	r->sharing->open = true;
	sharing_review(r);
	sharing_go_on(r->sharing);
}

/* ---- accounts ----------------------------------------------------------------------------- */

void sharing_arrive(struct account *a)
{
	people_arrive(&a->router->sharing->people, &a->present, a->jid.bare);
}

void sharing_depart(struct account *a)
{
	people_depart(&a->present);
}

struct people *sharing_people(const struct router *r)
{
	return &r->sharing->people;
}

bool sharing_sees(const struct router *r, struct str viewer, struct str whom)
{
	const struct people *p = &r->sharing->people;
	const struct person *m = people_find(p, whom);

	return m != NULL && sight_sees(viewer_of(p, viewer), m);
}

unsigned sharing_roles(const struct router *r, struct str bare)
{
	const struct person *m = people_find(&r->sharing->people, bare);

	return m != NULL ? sight_roles(m) : 0;
}

unsigned sharing_roles_told(const struct router *r, struct str bare)
{
	const struct people *p = &r->sharing->people;
	const struct person *m = people_find(p, bare);

	return m != NULL ? sight_roles_before(p, m) : 0;
}

bool sharing_is_telling(const struct router *r)
{
	return r->sharing->people.change != NULL;
}

struct account_walk {
	sharing_account_fn *each;
	void *arg;
};

static void on_present(void *walk, struct present *who)
{
	const struct account_walk *w = walk;

	w->each(w->arg, account_at(who));
}

static struct person *person_of(const struct account *a)
{
	return people_find(&a->router->sharing->people, a->jid.bare);
}

void sharing_each_viewer(const struct account *a, sharing_account_fn *each, void *arg)
{
	struct account_walk w = {each, arg};
	const struct person *m = person_of(a);

	if (m != NULL)
		sight_each_viewer(&a->router->sharing->people, m, on_present, &w);
}

void sharing_each_seen(const struct account *a, sharing_account_fn *each, void *arg)
{
	struct account_walk w = {each, arg};
	struct people *p = &a->router->sharing->people;

	sight_each_seen_present(p, viewer_of(p, a->jid.bare), on_present, &w);
}

void sharing_each_who_saw(const struct account *a, sharing_account_fn *each, void *arg)
{
	struct account_walk w = {each, arg};
	const struct person *m = person_of(a);

	if (m != NULL)
		sight_each_who_saw(&a->router->sharing->people, m, on_present, &w);
}

void sharing_each_present(const struct router *r, struct str domain, sharing_account_fn *each, void *arg)
{
	const struct realm *realm = people_realm(&r->sharing->people, domain);

	list_for_each_safe(pos, &realm->present)
		each(arg, account_at(container_of(pos, struct present, in_realm)));
}
