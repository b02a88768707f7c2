/* Items, versions and pushes, of both parts of a roster. */
#include "routerd/roster_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bus/textlist.h"
#include "routerd/sharing.h"
#include "routerd/sight.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"

static struct viewer viewer(const struct account *a)
{
	return viewer_of(sharing_people(a->router), a->jid.bare);
}

bool roster_view_shares(const struct account *a, struct str jid)
{
	return sharing_sees(a->router, a->jid.bare, jid);
}

/* ---- items ---------------------------------------------------------------------------------- */

static void put_group(struct buf *out, struct str group)
{
	buf_put_lit(out, "<group>");
	escape_text(out, group);
	buf_put_lit(out, "</group>");
}

static bool has(struct str list, struct str text)
{
	struct str one;

	while (textlist_take(&list, &one))
		if (str_eq(one, text))
			return true;
	return false;
}

/* Each once, into a textlist. */
static void add_title(void *titles, const struct group *g)
{
	struct str title = str_of(g->look.title);

	if (!has(buf_str(titles), title))
		textlist_put(titles, title);
}

static void put_groups(struct buf *out, struct str groups, struct str but)
{
	struct str group;

	while (textlist_take(&groups, &group))
		if (!has(but, group))
			put_group(out, group);
}

static void put_own(struct buf *out, const struct contact_text *own)
{
	buf_put_lit(out, "<item");
	escape_put_attribute(out, "jid", own->jid);
	escape_put_attribute(out, "name", own->name);
	escape_put_attribute(out, "subscription", str_of(subscription_shown(own->state)));
	if (subscription_asked(own->state))
		buf_put_lit(out, " ask='subscribe'");
	if (own->flags & CONTACT_APPROVED)
		buf_put_lit(out, " approved='true'");
	if (own->groups.len == 0) {
		buf_put_lit(out, "/>");
		return;
	}
	buf_put_byte(out, '>');
	put_groups(out, own->groups, STR_NONE);
	buf_put_lit(out, "</item>");
}

static void put_removed(struct buf *out, struct str jid)
{
	buf_put_lit(out, "<item");
	escape_put_attribute(out, "jid", jid);
	buf_put_lit(out, " subscription='remove'/>");
}

static void put_shared(struct buf *out, struct viewer v, const struct person *m, const struct contact_text *own)
{
	bool listed = own->flags & CONTACT_LISTED;
	bool gives = subscription_gives(own->state) || sight_sees(viewer_person(m), v.person);
	struct buf titles = BUF_INIT;
	struct str name = listed && own->name.len > 0 ? own->name : str_of(m->name);

	sight_each_group(v, m, add_title, &titles);
	buf_put_lit(out, "<item");
	escape_put_attribute(out, "jid", person_jid(m));
	escape_put_attribute(out, "name", name.len > 0 ? name : STR_NONE);
	escape_put_attribute(out, "subscription", gives ? STR_LIT("both") : STR_LIT("to"));
	if (own->flags & CONTACT_APPROVED)
		buf_put_lit(out, " approved='true'");
	buf_put_byte(out, '>');
	if (listed)
		put_groups(out, own->groups, buf_str(&titles));
	put_groups(out, buf_str(&titles), STR_NONE);
	buf_put_lit(out, "</item>");
	buf_fini(&titles);
}

static void put_item(struct buf *out, struct viewer v, const struct person *m, const struct contact_text *own)
{
	if (m != NULL && sight_sees(v, m))
		put_shared(out, v, m, own);
	else if (own->flags & CONTACT_LISTED)
		put_own(out, own);
	else
		put_removed(out, own->jid);
}

void roster_view_item(struct buf *out, const struct account *a, const struct contact_text *own)
{
	put_item(out, viewer(a), people_find(sharing_people(a->router), own->jid), own);
}

struct whole {
	struct buf *out;
	const struct account *account;
	struct viewer viewer;
};

static void put_unless_own(void *arg, struct person *m)
{
	const struct whole *w = arg;
	const struct contact *c = roster_find(&w->account->roster, person_jid(m));
	struct contact_text own = {.jid = person_jid(m), .state = SUB_NONE};

	if (c != NULL)
		own = contact_text(c);
	if (!(own.flags & CONTACT_LISTED))
		put_shared(w->out, w->viewer, m, &own);
}

void roster_view_items(struct buf *out, const struct account *a)
{
	struct people *people = sharing_people(a->router);
	struct whole w = {out, a, viewer(a)};
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &a->roster.contacts);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct contact_text own = contact_text(container_of(n, struct contact, node));

		if (own.flags & CONTACT_LISTED)
			put_item(out, w.viewer, people_find(people, own.jid), &own);
	}
	sight_each_seen(people, w.viewer, put_unless_own, &w);
}

struct size {
	const struct account *account;
	size_t n;
};

static void count_unless_own(void *arg, struct person *m)
{
	struct size *s = arg;
	const struct contact *c = roster_find(&s->account->roster, person_jid(m));

	s->n += c == NULL || !(c->flags & CONTACT_LISTED);
}

size_t roster_view_size(const struct account *a)
{
	struct size s = {.account = a};
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &a->roster.contacts);
	while ((n = map_walk_next(&walk)) != NULL)
		s.n += (container_of(n, struct contact, node)->flags & CONTACT_LISTED) != 0;
	sight_each_seen(sharing_people(a->router), viewer(a), count_unless_own, &s);
	return s.n;
}

/* ---- versions ---------------------------------------------------------------------------------- */

unsigned roster_view_step(const struct account *a)
{
	return sharing_is_telling(a->router) ? VERSION_OPEN : VERSION_LAST;
}

void roster_view_version(struct buf *out, const struct account *a, uint64_t own, unsigned step)
{
	uint64_t print = sight_print(viewer(a));

	/* An account that was made anew starts again from 0: no old client may match by chance. */
	buf_printf(out, " ver='%" PRIx64 "-%" PRIu64, (uint64_t)a->created, own);
	if (print != 0 || step != VERSION_LAST)
		buf_printf(out, "-%" PRIx64, print);
	if (step != VERSION_LAST)
		buf_printf(out, "-%u", step);
	buf_put_byte(out, '\'');
}

/* It is one of ours exactly if we would say it so. */
bool roster_view_parse(const struct account *a, struct str text, uint64_t *own)
{
	char copy[80], *at;
	struct buf said = BUF_INIT;
	bool same;

	snprintf(copy, sizeof copy, " ver='%.*s'", STR_FMT(text));
	at = strchr(copy, '-');
	if (at == NULL)
		return false;
	*own = strtoull(at + 1, NULL, 10);
	roster_view_version(&said, a, *own, VERSION_LAST);
	same = !buf_failed(&said) && str_is(buf_str(&said), copy);
	buf_fini(&said);
	return same;
}

void roster_view_push(struct buf *out, const struct account *a, const struct contact_text *own, unsigned step)
{
	buf_put_lit(out, "<query xmlns='" NS_ROSTER "'");
	roster_view_version(out, a, a->roster.version, step);
	buf_put_byte(out, '>');
	roster_view_item(out, a, own);
	buf_put_lit(out, "</query>");
}

/* ---- what is his own ------------------------------------------------------------------------------ */

void roster_view_own_part(const struct account *a, struct contact_text *text, struct buf *groups)
{
	const struct person *m = people_find(sharing_people(a->router), text->jid);
	struct buf titles = BUF_INIT;
	struct str list = text->groups, group;

	if (m == NULL || !sight_sees(viewer(a), m))
		return;
	sight_each_group(viewer(a), m, add_title, &titles);
	while (textlist_take(&list, &group))
		if (!has(buf_str(&titles), group))
			textlist_put(groups, group);
	text->groups = buf_str(groups);
	if (str_is(text->name, m->name))
		text->name = STR_NONE;
	buf_fini(&titles);
}
