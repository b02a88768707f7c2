/* Sections as they stand in the file, with their names folded. */
#include "dirsyncd/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "directory/dn.h"
#include "xmpp/fold.h"
#include "xmpp/xmlcheck.h"

enum { TITLE_MAX = 1023 };

/* How the file calls a group. */
struct naming {
	struct buf folded;
	bool is_dn;
	uint8_t dn_digest[DN_DIGEST_SIZE];
};

struct section {
	struct naming name;
	struct rule rule;
	char *title;
};

struct rules {
	struct section *of;
	size_t n;
	struct rule rest;
};

static bool naming_init(struct naming *n, const char *text)
{
	n->is_dn = dn_digest(str_of(text), n->dn_digest) == 0;
	return fold_text(&n->folded, str_of(text)) == 0 || n->is_dn;
}

static bool is(const struct naming *n, const struct group_name *g)
{
	if (n->is_dn && memcmp(n->dn_digest, g->dn_digest, DN_DIGEST_SIZE) == 0)
		return true;
	return g->folded.len > 0 && str_eq(buf_str(&n->folded), g->folded);
}

static enum group_show show_of(const char *text)
{
	static const char *const names[] = {[GROUP_SHOW_NOBODY] = "nobody", [GROUP_SHOW_MEMBERS] = "members",
		[GROUP_SHOW_EVERYBODY] = "everybody", [GROUP_SHOW_GROUPS] = "groups"};
	size_t i = 0;

	while (i < sizeof names / sizeof names[0] - 1 && strcmp(names[i], text) != 0)
		i++;
	return (enum group_show)i;
}

static uint8_t roles_of(const struct conf *conf, size_t section)
{
	uint8_t roles = 0;

	for (size_t i = 0; i < conf_group_list_size(conf, section, "roles"); i++)
		roles |= strcmp(conf_group_list_item(conf, section, "roles", i), "admin") == 0 ? ACCOUNT_ADMIN
											       : ACCOUNT_FEDERATES;
	return roles;
}

static bool read_section(struct section *s, const struct conf *conf, size_t i)
{
	const char *title = conf_group_text(conf, i, "title");
	bool good = naming_init(&s->name, conf_group_name(conf, i));

	s->title = title != NULL && *title != '\0' ? bh_strdup(title) : NULL;
	s->rule = (struct rule){.title = s->title, .show = show_of(conf_group_text(conf, i, "show")),
		.roles = roles_of(conf, i)};
	s->rule.n = conf_group_list_size(conf, i, "show_to");
	s->rule.names = bh_alloc((s->rule.n + 1) * sizeof *s->rule.names);
	for (size_t k = 0; k < s->rule.n; k++)
		good &= naming_init(&s->rule.names[k], conf_group_list_item(conf, i, "show_to", k));
	return good && (title == NULL || (strlen(title) <= TITLE_MAX && xmlcheck_text(str_of(title))));
}

static bool is_about(const struct conf *conf, size_t section, const char *directory)
{
	const char *named = conf_group_text(conf, section, "directory");

	return named == NULL || *named == '\0' || strcmp(named, directory) == 0;
}

int rules_load(const struct conf *conf, size_t i, struct rules **out, char *what, size_t size)
{
	struct rules *r = bh_alloc(sizeof *r);
	bool good = true;

	r->of = bh_alloc((conf_groups(conf) + 1) * sizeof *r->of);
	r->rest = (struct rule){.show = show_of(conf_directory_text(conf, i, "groups"))};
	for (size_t k = 0; k < conf_groups(conf) && good; k++) {
		if (!is_about(conf, k, conf_directory_name(conf, i)))
			continue;
		good = read_section(&r->of[r->n++], conf, k);
		if (!good)
			snprintf(what, size, "group \"%.100s\": a name or title is no text, or longer than %d bytes",
				conf_group_name(conf, k), TITLE_MAX);
	}
	if (good)
		*out = r;
	else
		rules_free(&r);
	return good ? 0 : BH_ECONFIG;
}

void rules_free(struct rules **ref)
{
	struct rules *r = *ref;

	*ref = NULL;
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n; i++) {
		struct section *s = &r->of[i];

		for (size_t k = 0; k < s->rule.n; k++)
			buf_fini(&s->rule.names[k].folded);
		free(s->rule.names);
		free(s->title);
		buf_fini(&s->name.folded);
	}
	free(r->of);
	free(r);
}

const struct rule *rules_find(const struct rules *r, const struct group_name *g)
{
	for (size_t i = 0; i < r->n; i++)
		if (is(&r->of[i].name, g))
			return &r->of[i].rule;
	return &r->rest;
}

bool rule_shows_to(const struct rule *rule, const struct group_name *g)
{
	for (size_t i = 0; i < rule->n; i++)
		if (is(&rule->names[i], g))
			return true;
	return false;
}

bool rules_show_to(const struct rules *r, const struct group_name *g)
{
	for (size_t i = 0; i < r->n; i++)
		if (rule_shows_to(&r->of[i].rule, g))
			return true;
	return false;
}
