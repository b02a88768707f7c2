/* What administrators are told of the groups of an account. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "dirsyncd/answer.h"
#include "dirsyncd/sharing_private.h"

static void pair(struct answer *a, const char *key, struct str value)
{
	answer_cell(a, "%s", key);
	answer_cell(a, "%.*s", STR_FMT(value));
	answer_row(a);
}

static const char *name_of(const struct group *g)
{
	return *g->name != '\0' ? g->name : "(a group without a name)";
}

/* "its members and those of Staff, Boss" */
struct naming_viewers {
	const struct rule *rule;
	struct buf *text;
	const char *before;
};

static void name_viewer(void *arg, struct group *g)
{
	struct naming_viewers *v = arg;
	const struct group_name name = sharing_name(g);

	if (!rule_shows_to(v->rule, &name))
		return;
	buf_printf(v->text, "%s%s", v->before, name_of(g));
	v->before = ", ";
}

static void put_viewers(const struct sharing *s, const struct group *g, struct buf *out)
{
	static const char *const texts[] = {
		[GROUP_SHOW_NOBODY] = "nobody", [GROUP_SHOW_MEMBERS] = "its members",
		[GROUP_SHOW_EVERYBODY] = "everybody", [GROUP_SHOW_GROUPS] = "its members",
	};
	struct naming_viewers v = {g->rule, out, " and those of "};

	if (g->rule->title != NULL)
		buf_printf(out, "; called %s", g->rule->title);
	if (g->large) {
		buf_put_lit(out, "; too large to be seen");
		return;
	}
	buf_printf(out, "; seen by %s", texts[g->rule->show]);
	if (g->rule->show == GROUP_SHOW_GROUPS)
		groups_each(s->groups, name_viewer, &v);
}

static void put_roles(const struct rule *rule, struct buf *out)
{
	static const struct {
		uint8_t role;
		const char *text;
	} roles[] = {{ACCOUNT_ADMIN, "admin"}, {ACCOUNT_FEDERATES, "federation"}};
	const char *before = "; roles: ";

	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
		if ((rule->roles & roles[i].role) == 0)
			continue;
		buf_printf(out, "%s%s", before, roles[i].text);
		before = ", ";
	}
}

static void explain(const struct sharing *s, const struct group *g, struct answer *a)
{
	const struct member_group *via = g->member.via;
	struct buf text = BUF_INIT;

	buf_printf(&text, "%s: ", name_of(g));
	if (via != NULL)
		buf_printf(&text, "by way of %s", name_of(container_of(via, struct group, member)));
	else
		buf_put_lit(&text, "in its list");
	if (g->cut) {
		buf_put_lit(&text, "; not used, since not all of its list is known");
	} else {
		put_viewers(s, g, &text);
		put_roles(g->rule, &text);
	}
	pair(a, "group", buf_str(&text));
	buf_fini(&text);
}

static void gather(void *arg, struct member_group *member)
{
	const struct group *g = container_of(member, struct group, member);

	buf_put(arg, &g, sizeof(struct group *));
}

static int in_order(const void *a, const void *b)
{
	const struct group *const *x = a, *const *y = b;
	int rc = strcmp((*x)->name, (*y)->name);

	return rc != 0 ? rc : memcmp((*x)->uuid, (*y)->uuid, UUID_SIZE);
}

void sharing_explain(const struct sharing *s, const struct person *p, struct answer *a)
{
	struct buf list = BUF_INIT;
	const struct group **of;
	size_t n;

	if (!s->looks) {
		pair(a, "groups", STR_LIT("not looked at: there is no directory.group_base"));
		return;
	}
	if (p != NULL && p->in_groups != NULL)
		membership_groups(s->membership, &p->in_groups->member, gather, &list);
	of = (const struct group **)(void *)list.data;
	n = list.len / sizeof(struct group *);
	if (n > 0)
		qsort(of, n, sizeof(struct group *), in_order);
	else
		pair(a, "groups", s->groups_read ? STR_LIT("none") : STR_LIT("not read yet"));
	for (size_t i = 0; i < n; i++)
		explain(s, of[i], a);
	buf_fini(&list);
}
