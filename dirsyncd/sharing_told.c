/* Which groups routerd is told of, and what. */
#include "dirsyncd/sharing_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "bus/textlist.h"
#include "daemon/log.h"
#include "dirsyncd/roll.h"
#include "xmpp/fold.h"

enum {
	ID_SIZE = sizeof(struct bus_id),
	VIEWERS_MAX = 65536 / ID_SIZE,
	MEMBERS_BYTES_MAX = 16000000,
};

struct link *sharing_link(const struct sharing *s)
{
	return s->owner->bus != NULL ? bus_client_link(s->owner->bus) : NULL;
}

/* ---- which groups are told of --------------------------------------------------------------- */

struct group_name sharing_name(const struct group *g)
{
	return (struct group_name){str_of(g->folded != NULL ? g->folded : ""), g->member.by_dn.key};
}

static void make_id(const struct sharing *s, const struct group *g, const char *domain, struct bus_id *out)
{
	struct buf form = BUF_INIT;

	textlist_printf(&form, "%s", s->directory->name);
	textlist_printf(&form, "%s", domain);
	textlist_put(&form, str_make(g->uuid, UUID_SIZE));
	digest_128(buf_str(&form), out->b);
	buf_fini(&form);
}

static void give_ids(struct sharing *s, struct group *g)
{
	g->told = bh_alloc((s->ndomains + 1) * sizeof *g->told);
	for (size_t i = 0; i < s->ndomains; i++) {
		struct told_group *t = &g->told[i];

		t->group = g;
		make_id(s, g, s->domains[i], &t->id);
		if (map_add(&s->ids, &t->node, t->id.b, ID_SIZE) != 0)
			t->node.key = NULL;
	}
}

static void send_gone(struct sharing *s, struct told_group *t)
{
	struct msg_group_gone m = {.id = t->id};

	if ((t->known || t->wanted) && s->told && !s->stopping && sharing_link(s) != NULL)
		(void)LINK_SEND(sharing_link(s), GROUP_GONE, group_gone, 0, &m);
	t->known = t->wanted = false;
}

void sharing_retire(struct sharing *s, struct group *g)
{
	list_remove(&g->changed);
	for (size_t i = 0; g->told != NULL && i < s->ndomains; i++) {
		send_gone(s, &g->told[i]);
		if (g->told[i].node.key != NULL)
			map_remove(&s->ids, &g->told[i].node);
	}
	free(g->told);
	g->told = NULL;
}

void sharing_set_name(struct sharing *s, struct group *g)
{
	struct buf folded = BUF_INIT;

	if (fold_text(&folded, str_of(g->name)) != 0)
		buf_clear(&folded);
	free(g->folded);
	g->folded = bh_strndup((const char *)buf_str(&folded).p, folded.len);
	buf_fini(&folded);
	g->rule = rules_find(s->rules, &(struct group_name){str_of(g->folded), g->member.by_dn.key});
}

/* Does anything follow from who is in it, but that they are seen? */
static bool has_other_use(const struct sharing *s, const struct group *g)
{
	const struct group_name name = sharing_name(g);

	return g->rule->roles != 0 || rules_show_to(s->rules, &name);
}

static bool matters(const struct sharing *s, const struct group *g)
{
	if (g->rule->title == NULL && *g->name == '\0')
		return false;
	return g->rule->show != GROUP_SHOW_NOBODY || has_other_use(s, g);
}

void sharing_admit(struct sharing *s, struct group *g)
{
	if (!matters(s, g))
		sharing_retire(s, g);
	else if (g->told == NULL)
		give_ids(s, g);
}

/* ---- a group as it is now ------------------------------------------------------------------- */

struct viewers {
	const struct sharing *s;
	const struct rule *rule;
	size_t domain;
	struct buf ids;
};

static void add_viewer(void *arg, struct group *g)
{
	struct viewers *v = arg;
	const struct group_name name = sharing_name(g);

	if (g->told != NULL && v->ids.len < (size_t)VIEWERS_MAX * ID_SIZE && rule_shows_to(v->rule, &name))
		buf_put(&v->ids, g->told[v->domain].id.b, ID_SIZE);
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, ID_SIZE);
}

/* The ids of the groups that see it, in order. */
static void list_viewers(struct viewers *v)
{
	if (v->rule->show == GROUP_SHOW_GROUPS)
		groups_each(v->s->groups, add_viewer, v);
	if (v->ids.len > 0)
		qsort(v->ids.data, v->ids.len / ID_SIZE, ID_SIZE, by_bytes);
}

/* Of everything that the message says but its id. */
static void digest_message(struct msg_group *m)
{
	struct buf form = BUF_INIT;

	textlist_put(&form, m->directory);
	textlist_put(&form, m->domain);
	textlist_put(&form, m->name);
	textlist_printf(&form, "%u %u", m->show, m->roles);
	textlist_put(&form, m->viewers);
	buf_put_str(&form, m->members);
	digest_128(buf_str(&form), m->digest.b);
	buf_fini(&form);
}

static void make_message(const struct sharing *s, const struct group *g, size_t domain, struct msg_group *m)
{
	m->id = g->told[domain].id;
	m->directory = str_of(s->directory->name);
	m->domain = str_of(s->domains[domain]);
	m->name = str_of(g->rule->title != NULL ? g->rule->title : g->name);
	m->show = (uint8_t)(g->large ? GROUP_SHOW_NOBODY : g->rule->show);
	m->roles = g->rule->roles;
	digest_message(m);
}

static void send_group(struct sharing *s, struct told_group *t, const struct msg_group *m)
{
	bool same = t->known && memcmp(&t->digest, &m->digest, ID_SIZE) == 0;

	if (s->told && (!same || t->wanted))
		(void)LINK_SEND(sharing_link(s), GROUP, group, 0, m);
	t->digest = m->digest;
	t->known = true;
	t->wanted = false;
}

static void tell_domain(struct sharing *s, struct group *g, size_t domain, const struct roll *roll)
{
	struct viewers v = {.s = s, .rule = g->rule, .domain = domain};
	struct buf members = BUF_INIT;
	struct msg_group m;

	list_viewers(&v);
	roll_put(roll, s->domains[domain], &members);
	m.viewers = g->large ? STR_LIT("") : buf_str(&v.ids);
	m.members = buf_str(&members);
	make_message(s, g, domain, &m);
	if (buf_failed(&members) || buf_failed(&v.ids) || members.len > MEMBERS_BYTES_MAX)
		send_gone(s, &g->told[domain]);
	else
		send_group(s, &g->told[domain], &m);
	buf_fini(&v.ids);
	buf_fini(&members);
}

/* One warning for as long as it is; of one that is cut there was one already. */
static void note_size(struct sharing *s, struct group *g, bool large)
{
	if (large && !g->large)
		log_warn("group-too-large", "directory=%s group=%s most=%zu reason=\"directory.group_members: it is not shown\"",
			LOG_TEXT(s->directory->name), LOG_TEXT(g->name), s->most);
	g->large = large;
}

size_t sharing_tell(struct sharing *s, struct group *g)
{
	struct roll roll = {.n = 0};
	bool good = !g->cut && roll_call(&roll, s->membership, &g->member, GROUP_MEMBERS_MAX);
	size_t n = good ? roll.n : GROUP_MEMBERS_MAX;

	note_size(s, g, !g->cut && (!good || n > s->most));
	good = good && (!g->large || has_other_use(s, g));
	for (size_t i = 0; i < s->ndomains; i++) {
		if (good)
			tell_domain(s, g, i, &roll);
		else
			send_gone(s, &g->told[i]);
	}
	roll_fini(&roll);
	return n;
}
