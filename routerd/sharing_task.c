/* The queue of changes, and their stages. */
#include "routerd/sharing_task.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "bus/textlist.h"
#include "daemon/log.h"
#include "routerd/sharing.h"
#include "routerd/sharing_store.h"
#include "routerd/sharing_tell.h"
#include "xmpp/xmlcheck.h"

enum { TURN_NS = 2000000, NEXT_MS = 1, AGAIN_MS = 10, READ_AT_ONCE = 64, NAME_LEN_MAX = 1023, TASK_BYTES = 4096 };

/* ---- waiting ------------------------------------------------------------------------------ */

static void on_timer(uv_timer_t *timer);

/* Never 0: a timer that is started so by its own callback leaves no turn to others. */
static void later(struct sharing *s, unsigned ms)
{
	uv_timer_start(&s->timer, on_timer, ms, 0);
}

bool sharing_is_late(const struct sharing *s)
{
	return clock_ns() >= s->until_ns;
}

void sharing_go_on(struct sharing *s)
{
	s->waiting = false;
	if (s->open && !s->router->stopping && !list_empty(&s->tasks))
		later(s, NEXT_MS);
}

static struct task *first(const struct sharing *s)
{
	return list_empty(&s->tasks) ? NULL : container_of(s->tasks.next, struct task, link);
}

/* More than its text, so that there cannot be too many. */
static size_t weight(const struct task *t)
{
	return t->text.len + TASK_BYTES;
}

static void note_begun(struct task *t)
{
	if (!t->begun)
		map_remove(&t->sharing->unbegun, &t->node);
	t->begun = true;
}

static void free_task(struct task *t)
{
	note_begun(t);
	list_remove(&t->link);
	t->sharing->queued -= weight(t);
	tell_free(&t->tell);
	regroup_free(&t->regroup, NULL, NULL);
	buf_fini(&t->text);
	free(t);
}

static struct str keep(struct buf *text, struct str s)
{
	struct str kept = {(const char *)text->data + text->len, s.len};

	buf_put_str(text, s);
	return kept;
}

/* The texts become the task's own; its buffer does not move any more. */
static struct task *make_task(struct sharing *s, const struct wanted *w)
{
	struct task *t = bh_alloc(sizeof *t);

	list_init(&t->link);
	t->sharing = s;
	if (buf_room(&t->text, 1 + (size_t)w->directory.len + w->domain.len + w->title.len + w->viewers.len +
				       w->members.len) == NULL) {
		free(t);
		return NULL;
	}
	t->wanted = *w;
	t->wanted.directory = keep(&t->text, w->directory);
	t->wanted.domain = keep(&t->text, w->domain);
	t->wanted.title = keep(&t->text, w->title);
	t->wanted.viewers = keep(&t->text, w->viewers);
	t->wanted.members = t->rest = keep(&t->text, w->members);
	t->begun = true;
	s->queued += weight(t);
	return t;
}

void sharing_forget_wanted(struct sharing *s, struct str directory)
{
	list_for_each_safe(pos, &s->tasks) {
		struct task *t = container_of(pos, struct task, link);

		if (!t->begun && str_eq(t->wanted.directory, directory))
			free_task(t);
	}
}

void sharing_want(struct sharing *s, const struct wanted *wanted)
{
	struct map_node *older = map_find(&s->unbegun, wanted->id, GROUP_ID_SIZE);
	struct task *t = make_task(s, wanted);

	if (t == NULL) {
		log_error("group-refused", "reason=\"out of memory\"");
		return;
	}
	if (older != NULL)
		free_task(container_of(older, struct task, node));
	BUG_ON(map_add(&s->unbegun, &t->node, t->wanted.id, GROUP_ID_SIZE) != 0);
	t->begun = false;
	list_append(&s->tasks, &t->link);
	if (!s->waiting)
		sharing_go_on(s);
}

/* ---- stages -------------------------------------------------------------------------------- */

/* Of a stage: it goes on in the next turn, when somebody says so, or in a moment; it is over; or the task is. */
enum step { MORE, WAIT, LATER, NEXT, OVER };

static struct group_look wanted_look(struct people *p, const struct wanted *w)
{
	struct group_look look = {.there = !w->gone, .show = w->show, .roles = w->roles,
		.title = bh_strndup(w->title.p, w->title.len)};

	for (uint32_t at = 0; at < w->viewers.len; at += GROUP_ID_SIZE) {
		struct group *viewer = people_group(p, (const uint8_t *)w->viewers.p + at);

		if (!ptrs_has(&look.viewers, viewer))
			ptrs_add(&look.viewers, viewer);
	}
	return look;
}

/* Counted when it begins: those before it in the queue have been made. */
static bool fits(const struct people *p, const struct group *g, const struct wanted *w)
{
	uint64_t others = p->members - (g != NULL ? g->members.n : 0);

	return others + w->nmembers <= SHARING_MEMBERS && UINT32_MAX - p->last_id >= w->nmembers &&
	       p->groups.count + w->viewers.len / GROUP_ID_SIZE < SHARING_GROUPS;
}

static enum step begin(struct task *t)
{
	const struct wanted *w = &t->wanted;
	struct people *p = &t->sharing->people;
	struct group *g = people_group_find(p, w->id);
	struct group_look look;

	note_begun(t);
	if (w->gone && (g == NULL || !g->look.there))
		return OVER;
	if (!w->gone && !fits(p, g, w)) {
		log_warn("group-refused", "directory=%s domain=%s group=%s reason=\"there are too many\"",
			LOG_STR(w->directory), LOG_STR(w->domain), LOG_STR(w->title));
		return OVER;
	}
	g = people_group(p, w->id);
	look = wanted_look(p, w);
	if (!w->gone) {
		g->realm = people_realm(p, w->domain);
		free(g->directory);
		g->directory = bh_strndup(w->directory.p, w->directory.len);
	}
	t->regroup = regroup_create(p, g, &look);
	return NEXT;
}

/* What cannot stand in XML, or is too long for a roster, is no name. */
static struct str fitting(struct str name)
{
	return name.len <= NAME_LEN_MAX && xmlcheck_text(name) ? name : STR_LIT("");
}

/* Who is new is in the store before any group that he is in. */
static void read_some(struct task *t)
{
	struct store_tx *tx = NULL;
	struct str bare, name;
	struct person *m;

	for (unsigned i = 0; i < READ_AT_ONCE && textlist_take(&t->rest, &bare) && textlist_take(&t->rest, &name); i++) {
		if (!regroup_member(t->regroup, bare, fitting(name), &m))
			continue;
		if (tx == NULL)
			tx = store_begin(t->sharing->router->store);
		sharing_store_person(tx, m);
	}
	if (tx != NULL)
		store_commit(tx, NULL, NULL);
}

static enum step read_members(struct task *t)
{
	while (t->rest.len > 0) {
		if (sharing_is_late(t->sharing))
			return MORE;
		read_some(t);
	}
	return NEXT;
}

static enum step find_left(struct task *t)
{
	while (!regroup_left(t->regroup, &t->at, READ_AT_ONCE))
		if (sharing_is_late(t->sharing))
			return MORE;
	return NEXT;
}

static void on_stored(void *arg, int rc)
{
	struct sharing *s = arg;
	struct task *t = first(s);

	if (s->router->stopping)
		return;
	BUG_ON(t == NULL); /* it is waited for */
	if (rc != 0) {
		log_error("store-failed", "error=%s", bh_strerror(rc));
		free_task(t);
	} else {
		memcpy(t->regroup->group->digest, t->wanted.digest, sizeof t->wanted.digest);
		regroup_apply(t->regroup);
	}
	sharing_go_on(s);
}

static enum step store_it(struct task *t)
{
	struct store_tx *tx = store_begin(t->sharing->router->store);
	struct regroup *rg = t->regroup;

	if (regroup_is_nothing(rg)) {
		memcpy(rg->group->digest, t->wanted.digest, sizeof t->wanted.digest);
		sharing_store_digest(tx, rg->group);
		store_commit(tx, NULL, NULL);
		return OVER;
	}
	regroup_renew(rg);
	sharing_store_change(tx, rg, t->wanted.digest);
	store_commit(tx, on_stored, t->sharing);
	t->stage++;
	return WAIT;
}

static enum step tell_all(struct task *t)
{
	static const enum step steps[] = {
		[TELL_MORE] = MORE, [TELL_WAIT] = WAIT, [TELL_LATER] = LATER, [TELL_DONE] = NEXT};

	if (t->tell == NULL)
		t->tell = tell_create(t->sharing, t->regroup);
	return steps[tell_go_on(t->tell)];
}

/* Until it is in the front ends' memory a routerd that dies tells it again; or in the store: that is so after two
 * seconds (custody.md, 9). */
static enum step await_held(struct task *t)
{
	return tell_is_held(t->tell) ? NEXT : LATER;
}

static void on_gone(void *tx, uint32_t id)
{
	sharing_unstore_person(tx, id);
}

static enum step finish(struct task *t)
{
	struct store_tx *tx = store_begin(t->sharing->router->store);
	struct regroup *rg = t->regroup;
	bool there = rg->group->look.there;

	log_info("group-changed", "group=%s state=%s added=%u removed=%u renamed=%u told=%u",
		LOG_TEXT(there ? rg->group->look.title : rg->look.title), there ? "there" : "gone", rg->added.n,
		rg->removed.n, rg->renamed.n, tell_count(t->tell));
	tell_free(&t->tell);
	sharing_store_told(tx, rg);
	regroup_free(&t->regroup, on_gone, tx);
	store_commit(tx, NULL, NULL);
	return OVER;
}

static enum step (*const stages[])(struct task *t) = {
	begin, read_members, find_left, store_it, tell_all, await_held, finish,
};

enum { TOLD = 4 }; /* where a change of an earlier run goes on */

void sharing_want_told(struct sharing *s, struct regroup *rg)
{
	struct task *t = make_task(s, &(struct wanted){.gone = !rg->group->look.there});

	BUG_ON(t == NULL);
	memcpy(t->wanted.id, rg->group->id, sizeof t->wanted.id);
	t->regroup = rg;
	t->stage = TOLD;
	list_prepend(&s->tasks, &t->link);
}

static enum step run_stage(struct task *t)
{
	enum step step = stages[t->stage](t);

	if (step == NEXT)
		t->stage++;
	return step;
}

static void on_timer(uv_timer_t *timer)
{
	struct sharing *s = timer->data;
	enum step step = NEXT;

	s->until_ns = clock_ns() + TURN_NS;
	while (first(s) != NULL && (step == NEXT || step == OVER)) {
		step = run_stage(first(s));
		if (step == OVER) {
			free_task(first(s));
			sharing_ask(s);
		}
		if (step != WAIT && sharing_is_late(s))
			break;
	}
	s->waiting = step == WAIT;
	if (step != WAIT && first(s) != NULL)
		later(s, step == LATER ? AGAIN_MS : NEXT_MS);
}

struct group *sharing_under_way(const struct sharing *s)
{
	const struct task *t = first(s);

	return t != NULL && t->regroup != NULL && !t->wanted.gone ? t->regroup->group : NULL;
}

void sharing_tasks_free(struct sharing *s)
{
	while (first(s) != NULL)
		free_task(first(s));
	map_fini(&s->unbegun);
}
