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

/* Bytes of an entry of GROUPS; how many groups are asked for at a time, and what may wait then. */
enum { LISTED = 2 * GROUP_ID_SIZE, ASKED_AT_ONCE = 64, ASK_BELOW = 16 * 1024 * 1024 };

static struct bus_peer *dirsyncd(const struct router *r)
{
	struct bus_peer *p = bus_server_next(r->server, ROLE_DIR, NULL);

	return p != NULL && p->link != NULL ? p : NULL;
}

void sharing_ask(struct sharing *s)
{
	struct bus_peer *peer = dirsyncd(s->router);
	struct msg_group_get m;

	if (peer == NULL || s->queued >= ASK_BELOW)
		return;
	for (unsigned i = 0; i < ASKED_AT_ONCE && s->unasked.len > 0; i++) {
		s->unasked.len -= sizeof m.id.b;
		memcpy(m.id.b, s->unasked.data + s->unasked.len, sizeof m.id.b);
		(void)LINK_SEND(peer->link, GROUP_GET, group_get, 0, &m);
	}
}

void sharing_tick(struct router *r)
{
	sharing_ask(r->sharing);
}

static bool is_known_directory(const struct router *r, struct str directory)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->domains);
	while ((n = map_walk_next(&walk)) != NULL) {
		const char *name = container_of(n, struct domain, node)->directory.name;

		if (name != NULL && str_is(directory, name))
			return true;
	}
	return false;
}

static void begin_list(struct sharing *s, struct str directory)
{
	s->list++;
	free(s->listed);
	s->listed = bh_strndup(directory.p, directory.len);
	/* They were of another link: this one says what is missing. */
	sharing_forget_wanted(s, directory);
	buf_fini(&s->unasked);
}

static void take_list(struct sharing *s, struct str list)
{
	for (; list.len > 0; list.p += LISTED, list.len -= LISTED) {
		const uint8_t *id = (const uint8_t *)list.p, *digest = id + GROUP_ID_SIZE;
		struct group *g = people_group_find(&s->people, id);

		if (g != NULL)
			g->named = s->list;
		if (g == NULL || !g->look.there || memcmp(g->digest, digest, sizeof g->digest) != 0)
			buf_put(&s->unasked, id, GROUP_ID_SIZE);
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
	if (s->unasked.len / GROUP_ID_SIZE + m.list.len / LISTED > SHARING_GROUPS)
		return BH_EPROTO;
	take_list(s, m.list);
	sharing_ask(s);
	if (m.last != 0)
		end_list(s);
	return 0;
}

/* Pairs of an account of that domain and its name: how many, or BH_EPROTO. */
static int count_members(struct str list, struct str domain)
{
	struct str bare, name;
	struct jid jid;
	int n = 0;

	while (list.len > 0) {
		if (!textlist_take(&list, &bare) || !textlist_take(&list, &name) || ++n > SHARING_GROUP_MEMBERS)
			return BH_EPROTO;
		if (jid_check(bare, &jid) != 0 || jid.local.p == NULL || jid.resource.p != NULL ||
			!str_eq(jid.domain, domain))
			return BH_EPROTO;
	}
	return n;
}

static bool is_sound(const struct msg_group *m)
{
	return m->show <= GROUP_SHOW_GROUPS && (m->roles & ~(ACCOUNT_ADMIN | ACCOUNT_FEDERATES)) == 0 &&
	       m->viewers.len % GROUP_ID_SIZE == 0 && m->viewers.len / GROUP_ID_SIZE <= SHARING_VIEWERS;
}

/* Why it is not taken, though it is well-formed; or NULL. */
static const char *objection(const struct sharing *s, const struct msg_group *m)
{
	const struct group *g = people_group_find(&s->people, m->id.b);

	if (!sharing_has_place(s->router, m->directory, m->domain))
		return "the domain is not of that directory";
	if (g != NULL && g->look.there && !str_eq(m->domain, str_make(g->realm->name, g->realm->node.key_len)))
		return "it is of another domain";
	if (m->name.len == 0 || !xmlcheck_text(m->name))
		return "it has no name that can be shown";
	return NULL;
}

static void want(struct sharing *s, const struct msg_group *m, unsigned nmembers)
{
	struct wanted w = {
		.directory = m->directory, .domain = m->domain, .title = m->name, .show = m->show, .roles = m->roles,
		.viewers = m->show == GROUP_SHOW_GROUPS ? m->viewers : STR_NONE, .members = m->members,
		.nmembers = nmembers,
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

	if (bus_get_group(event->frame->body, &m) != 0 || !is_sound(&m) || s->queued > SHARING_QUEUE)
		return BH_EPROTO;
	members = count_members(m.members, m.domain);
	if (members < 0)
		return members;
	why = objection(s, &m);
	if (why != NULL)
		log_warn("group-refused", "directory=%s domain=%s group=%s reason=%s", LOG_STR(m.directory),
			LOG_STR(m.domain), LOG_STR(m.name), LOG_TEXT(why));
	else
		want(s, &m, (unsigned)members);
	return 0;
}

int on_group_gone(const struct bus_event *event)
{
	struct sharing *s = front_of(event)->router->sharing;
	struct wanted w = {.gone = true};
	struct msg_group_gone m;

	if (bus_get_group_gone(event->frame->body, &m) != 0 || s->queued > SHARING_QUEUE)
		return BH_EPROTO;
	memcpy(w.id, m.id.b, sizeof w.id);
	sharing_want(s, &w);
	return 0;
}
