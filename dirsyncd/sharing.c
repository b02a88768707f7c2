/* Groups that have changed stand in a queue; a timer works through it. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "daemon/log.h"
#include "dirsyncd/sharing_private.h"

enum {
	TURN_MS = 20,
	TURN_MEMBERS = 8000,
	MEMBERS_PER_MS = 40, /* of one group */
	QUEUED_MAX = 32 * 1024 * 1024, /* to a routerd that does not read */
	LIST_ENTRY = 2 * sizeof(struct bus_id), /* in GROUPS */
	LIST_MAX = 1048576 / LIST_ENTRY * LIST_ENTRY,
};

/* ---- the queue ----------------------------------------------------------------------------- */

static void on_turn(uv_timer_t *timer);

static void schedule(struct sharing *s)
{
	if (!s->stopping && s->people_read && s->groups_read && sharing_link(s) != NULL &&
		!uv_is_active((uv_handle_t *)&s->timer))
		uv_timer_start(&s->timer, on_turn, TURN_MS, 0);
}

/* Nothing where routerd need not know of it. */
static void mark(struct sharing *s, struct group *g)
{
	if (g->told == NULL)
		return;
	if (list_empty(&g->changed))
		list_append(&s->changed, &g->changed);
	schedule(s);
}

static void on_touched(void *arg, struct member_group *member)
{
	mark(arg, container_of(member, struct group, member));
}

static void on_group(void *arg, struct group *g, bool renamed)
{
	struct sharing *s = arg;

	if (renamed) {
		sharing_set_name(s, g);
		s->renamed = true;
	}
	sharing_admit(s, g);
	mark(s, g);
}

static void on_group_gone(void *arg, struct group *g)
{
	struct sharing *s = arg;

	sharing_retire(s, g);
	free(g->folded);
	g->folded = NULL;
	s->renamed = true;
}

/* ---- all of them --------------------------------------------------------------------------- */

struct listing {
	const struct sharing *s;
	struct buf list;
};

static void put_all(void *arg, struct group *g)
{
	struct listing *l = arg;

	for (size_t i = 0; g->told != NULL && i < l->s->ndomains; i++) {
		if (!g->told[i].known)
			continue;
		buf_put(&l->list, &g->told[i].id, sizeof g->told[i].id);
		buf_put(&l->list, &g->told[i].digest, sizeof g->told[i].digest);
	}
}

static void tell_all(struct sharing *s)
{
	struct listing l = {.s = s, .list = BUF_INIT};
	size_t at = 0, n = 0;

	if (s->groups != NULL)
		groups_each(s->groups, put_all, &l);
	for (bool last = false; !last; at += n) {
		struct msg_groups m = {.directory = str_of(s->directory->name), .first = at == 0};

		n = l.list.len - at < LIST_MAX ? l.list.len - at : LIST_MAX;
		last = at + n == l.list.len;
		m.last = last;
		m.list = str_make(buf_str(&l.list).p + at, n);
		(void)LINK_SEND(sharing_link(s), GROUPS, groups, 0, &m);
	}
	log_info("groups-told", "directory=%s groups=%zu", LOG_TEXT(s->directory->name), l.list.len / LIST_ENTRY);
	s->told = true;
	buf_fini(&l.list);
}

/* ---- a turn -------------------------------------------------------------------------------- */

static void mark_viewed(void *arg, struct group *g)
{
	if (g->told != NULL && g->rule->show == GROUP_SHOW_GROUPS)
		mark(arg, g);
}

static bool is_wanted(const struct sharing *s, const struct group *g)
{
	for (size_t i = 0; i < s->ndomains; i++)
		if (g->told[i].wanted)
			return true;
	return false;
}

static void work(struct sharing *s)
{
	uint64_t now = clock_ms();
	size_t done = 0;

	list_for_each_safe(pos, &s->changed) {
		struct group *g = container_of(pos, struct group, changed);
		size_t n;

		if (s->told && now < g->not_before_ms && !is_wanted(s, g))
			continue;
		list_remove(&g->changed);
		n = sharing_tell(s, g);
		g->not_before_ms = now + n / MEMBERS_PER_MS;
		done += n;
		if (done >= TURN_MEMBERS)
			break;
	}
}

static void on_turn(uv_timer_t *timer)
{
	struct sharing *s = timer->data;
	struct link *link = sharing_link(s);

	if (link == NULL)
		return;
	if (s->renamed && s->groups != NULL)
		groups_each(s->groups, mark_viewed, s);
	s->renamed = false;
	if (link_queued(link) < QUEUED_MAX)
		work(s);
	if (!s->told && list_empty(&s->changed))
		tell_all(s);
	if (!s->told || !list_empty(&s->changed))
		schedule(s);
}

void sharing_on_link(struct sharing *s)
{
	s->told = false;
	schedule(s);
}

static bool want(struct sharing *s, const struct bus_id *id)
{
	struct map_node *n = map_find(&s->ids, id->b, sizeof id->b);
	struct told_group *t = n != NULL ? container_of(n, struct told_group, node) : NULL;

	if (t == NULL)
		return false;
	t->wanted = true;
	mark(s, t->group);
	return true;
}

int sharing_on_group_get(const struct bus_event *event)
{
	struct dirsyncd *d = event->owner;
	struct msg_group_get get;
	struct msg_group_gone gone;

	if (bus_get_group_get(event->frame->body, &get) != 0)
		return BH_EPROTO;
	for (size_t i = 0; i < d->nmirrors; i++)
		if (want(d->sharings[i], &get.id))
			return 0;
	gone.id = get.id;
	return LINK_SEND(event->link, GROUP_GONE, group_gone, 0, &gone) == 0 ? 0 : BH_EPROTO;
}

/* ---- people -------------------------------------------------------------------------------- */

static void on_person(void *arg, struct person *p)
{
	struct sharing *s = arg;

	if (p->in_groups == NULL) {
		p->in_groups = bh_alloc(sizeof *p->in_groups);
		p->in_groups->person = p;
	}
	membership_put_person(s->membership, &p->in_groups->member, p->dn, str_of(p->local));
}

static void on_person_gone(void *arg, struct person *p)
{
	struct sharing *s = arg;

	if (p->in_groups == NULL)
		return;
	membership_drop_person(s->membership, &p->in_groups->member);
	free(p->in_groups);
	p->in_groups = NULL;
}

static void on_people_read(void *arg)
{
	struct sharing *s = arg;

	s->people_read = true;
	schedule(s);
}

static void on_groups_read(void *arg)
{
	struct sharing *s = arg;

	s->groups_read = true;
	schedule(s);
}

/* ---- coming and going ---------------------------------------------------------------------- */

static void take_domains(struct sharing *s, const struct mirror *m)
{
	while (mirror_domain(m, s->ndomains) != NULL)
		s->ndomains++;
	s->domains = bh_alloc((s->ndomains + 1) * sizeof *s->domains);
	for (size_t i = 0; i < s->ndomains; i++)
		s->domains[i] = bh_strdup(mirror_domain(m, i));
}

struct sharing *sharing_create(struct dirsyncd *owner, struct mirror *mirror, size_t i, struct rules *rules)
{
	const struct conf *conf = owner->daemon->conf;
	struct sharing *s = bh_alloc(sizeof *s);

	s->owner = owner;
	s->rules = rules;
	s->mirror = mirror;
	s->directory = directory_ref(mirror_directory(mirror));
	s->most = (size_t)conf_directory_number(conf, i, "group_members");
	s->looks = group_source_init(&s->source, conf, i);
	s->membership = membership_create(on_touched, s);
	list_init(&s->changed);
	take_domains(s, mirror);
	return s;
}

void sharing_start(struct sharing *s)
{
	const struct mirror_watcher watcher = {.there = s->looks ? on_person : NULL, .gone = s->looks ? on_person_gone : NULL,
		.read = on_people_read, .arg = s};
	const struct groups_spec spec = {.owner = s->owner, .directory = s->directory, .membership = s->membership,
		.there = on_group, .gone = on_group_gone, .read = on_groups_read, .arg = s};

	s->started = true;
	uv_timer_init(s->owner->daemon->loop, &s->timer);
	s->timer.data = s;
	mirror_watch(s->mirror, &watcher);
	if (s->looks)
		s->groups = groups_start(&spec, &s->source);
	else
		s->groups_read = true;
}

struct groups *sharing_groups(const struct sharing *s)
{
	return s->groups;
}

static void destroy(struct sharing *s)
{
	void (*done)(void *) = s->done;
	void *arg = s->done_arg;

	membership_free(&s->membership);
	group_source_fini(&s->source);
	map_fini(&s->ids);
	rules_free(&s->rules);
	for (size_t i = 0; i < s->ndomains; i++)
		free(s->domains[i]);
	free(s->domains);
	directory_unref(&s->directory);
	free(s);
	done(arg);
}

static void on_timer_closed(uv_handle_t *handle)
{
	destroy(handle->data);
}

static void on_groups_stopped(void *arg)
{
	struct sharing *s = arg;

	uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}

void sharing_stop(struct sharing **ref, void (*done)(void *arg), void *arg)
{
	struct sharing *s = *ref;

	*ref = NULL;
	s->stopping = true;
	s->done = done;
	s->done_arg = arg;
	if (!s->started) {
		destroy(s);
		return;
	}
	uv_timer_stop(&s->timer);
	mirror_watch(s->mirror, NULL);
	if (s->groups != NULL)
		groups_stop(&s->groups, on_groups_stopped, s);
	else
		on_groups_stopped(s);
}
