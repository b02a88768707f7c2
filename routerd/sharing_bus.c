/* What dirsyncd says of groups: checked, and wanted. */
#include "routerd/sharing.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "bus/textlist.h"
#include "daemon/log.h"
#include "routerd/domains.h"
#include "routerd/front.h"
#include "routerd/sharing_task.h"
#include "xmpp/jid.h"
#include "xmpp/xmlcheck.h"

enum { LISTED = 2 * GROUP_ID_SIZE, NAME_MAX_LEN = 1023 };

static void ask_for(struct link *link, const uint8_t id[GROUP_ID_SIZE])
{
	struct msg_group_get m;

	memcpy(m.id.b, id, sizeof m.id.b);
	(void)LINK_SEND(link, GROUP_GET, group_get, 0, &m);
}

static bool is_known_directory(const struct router *r, struct str directory)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->domains);
	while ((n = map_walk_next(&walk)) != NULL)
		if (directory.len > 0 && str_is(directory, container_of(n, struct domain, node)->directory))
			return true;
	return false;
}

static void begin_list(struct sharing *s, struct str directory)
{
	s->list++;
	free(s->listed);
	s->listed = bh_strndup(directory.p, directory.len);
	/* They were of another link: this one says what is missing. */
	sharing_forget_wanted(s, directory);
}

static void take_list(struct sharing *s, struct link *link, struct str list)
{
	for (; list.len > 0; list.p += LISTED, list.len -= LISTED) {
		const uint8_t *id = (const uint8_t *)list.p, *digest = id + GROUP_ID_SIZE;
		struct group *g = people_group_find(&s->people, id);

		if (g != NULL)
			g->named = s->list;
		if (g == NULL || !g->look.there || memcmp(g->digest, digest, sizeof g->digest) != 0)
			ask_for(link, id);
	}
}

/* Of that directory, and not in its list. */
static bool is_unlisted(const struct sharing *s, const struct group *g)
{
	return (g->look.there || g == sharing_under_way(s)) && g->named != s->list &&
	       strcmp(g->directory, s->listed) == 0;
}

static void end_list(struct sharing *s)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &s->people.groups);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct group *g = container_of(n, struct group, node);

		if (is_unlisted(s, g))
			sharing_want_gone(s, g);
	}
	free(s->listed);
	s->listed = NULL;
}

int on_groups(const struct bus_event *event)
{
	struct router *r = front_of(event)->router;
	struct sharing *s = r->sharing;
	struct msg_groups m;

	if (bus_get_groups(event->frame->body, &m) != 0 || m.list.len % LISTED != 0)
		return BH_EPROTO;
	if (!is_known_directory(r, m.directory)) {
		log_warn("groups-refused", "directory=%s reason=unknown", LOG_STR(m.directory));
		return 0;
	}
	if (m.first != 0)
		begin_list(s, m.directory);
	else if (s->listed == NULL || !str_is(m.directory, s->listed))
		return BH_EPROTO;
	take_list(s, event->link, m.list);
	if (m.last != 0)
		end_list(s);
	return 0;
}

/* Pairs of an account of that domain and its name: how many, or BH_EPROTO. */
static int check_members(struct str list, struct str domain)
{
	struct str bare, name;
	struct jid jid;
	int n = 0;

	while (list.len > 0) {
		if (!textlist_take(&list, &bare) || !textlist_take(&list, &name) || name.len > NAME_MAX_LEN)
			return BH_EPROTO;
		if (jid_check(bare, &jid) != 0 || jid.local.p == NULL || jid.resource.p != NULL ||
			!str_eq(jid.domain, domain) || !xmlcheck_text(name))
			return BH_EPROTO;
		if (++n > SHARING_GROUP_MEMBERS)
			return BH_EPROTO;
	}
	return n;
}

static bool is_sound(const struct msg_group *m)
{
	return m->show <= GROUP_SHOW_GROUPS && (m->roles & ~(ACCOUNT_ADMIN | ACCOUNT_FEDERATES)) == 0 &&
	       m->name.len > 0 && xmlcheck_text(m->name) && m->viewers.len % GROUP_ID_SIZE == 0 &&
	       m->viewers.len / GROUP_ID_SIZE <= SHARING_VIEWERS &&
	       (m->show == GROUP_SHOW_GROUPS || m->viewers.len == 0);
}

/* Why it is not taken, though it is well-formed; or NULL. */
static const char *objection(const struct sharing *s, const struct msg_group *m, unsigned members)
{
	const struct group *g = people_group_find(&s->people, m->id.b);

	if (!sharing_has_place(s->router, m->directory, m->domain))
		return "the domain is not of that directory";
	if (g != NULL && g->look.there && !str_eq(m->domain, str_make(g->realm->name, g->realm->node.key_len)))
		return "it is of another domain";
	if (g == NULL && s->people.groups.count + m->viewers.len / GROUP_ID_SIZE >= SHARING_GROUPS)
		return "there are too many groups";
	if (s->people.members - (g != NULL ? g->members.n : 0) + members > SHARING_MEMBERS)
		return "all groups together have too many members";
	if (UINT32_MAX - s->people.last_id < members)
		return "there are no more numbers for persons until routerd is restarted";
	return NULL;
}

static void want(struct sharing *s, const struct msg_group *m)
{
	struct wanted w = {
		.directory = m->directory, .domain = m->domain, .title = m->name,
		.show = m->show, .roles = m->roles, .viewers = m->viewers, .members = m->members,
	};

	memcpy(w.id, m->id.b, sizeof w.id);
	memcpy(w.digest, m->digest.b, sizeof w.digest);
	sharing_want(s, &w);
}

int on_group(const struct bus_event *event)
{
	struct sharing *s = front_of(event)->router->sharing;
	const char *why;
	struct msg_group m;
	int members;

	if (bus_get_group(event->frame->body, &m) != 0 || !is_sound(&m))
		return BH_EPROTO;
	members = check_members(m.members, m.domain);
	if (members < 0)
		return members;
	why = objection(s, &m, (unsigned)members);
	if (why != NULL)
		log_warn("group-refused", "directory=%s domain=%s group=%s reason=\"%s\"", LOG_STR(m.directory),
			LOG_STR(m.domain), LOG_STR(m.name), why);
	else
		want(s, &m);
	return 0;
}

int on_group_gone(const struct bus_event *event)
{
	struct sharing *s = front_of(event)->router->sharing;
	struct wanted w = {.gone = true};
	struct msg_group_gone m;

	if (bus_get_group_gone(event->frame->body, &m) != 0)
		return BH_EPROTO;
	memcpy(w.id, m.id.b, sizeof w.id);
	sharing_want(s, &w);
	return 0;
}
