/* Groups: are there any, may we see who is in them, and are those there that the configuration names? */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/list.h"
#include "base/map.h"
#include "ctl/check.h"
#include "directory/dn.h"
#include "directory/group_schema.h"
#include "directory/paged.h"
#include "xmpp/fold.h"

/* What a group may be called by: its name, folded, or the digest of its DN. */
struct name {
	struct map_node node;
	uint32_t len;
	char bytes[];
};

struct census {
	struct check *check;
	const struct group_schema *schema;
	unsigned n, peopled; /* groups; those with members */
	struct map names;    /* struct name */
	unsigned named;	     /* groups that have one which we may see */
};

static void add(struct census *c, struct str bytes)
{
	struct name *n;

	if (map_find(&c->names, bytes.p, bytes.len) != NULL)
		return;
	n = bh_alloc(sizeof *n + bytes.len + 1);
	n->len = bytes.len;
	memcpy(n->bytes, bytes.p, bytes.len);
	if (map_add(&c->names, &n->node, n->bytes, n->len) != 0)
		free(n);
}

static void add_name(struct census *c, struct str name)
{
	struct buf folded = BUF_INIT;

	if (fold_text(&folded, name) == 0)
		add(c, buf_str(&folded));
	buf_fini(&folded);
}

static void add_dn(struct census *c, const char *dn)
{
	uint8_t digest[DN_DIGEST_SIZE];

	if (dn_digest(str_of(dn), digest) == 0)
		add(c, str_make(digest, sizeof digest));
}

/* By its name or its DN. */
static bool is_known(const struct census *c, const char *text)
{
	uint8_t digest[DN_DIGEST_SIZE];
	struct buf folded = BUF_INIT;
	bool yes = dn_digest(str_of(text), digest) == 0 && map_find(&c->names, digest, sizeof digest) != NULL;

	if (!yes && fold_text(&folded, str_of(text)) == 0)
		yes = map_find(&c->names, folded.data, folded.len) != NULL;
	buf_fini(&folded);
	return yes;
}

static bool has_any(const struct direntry *e, const char *attribute)
{
	return attribute != NULL && direntry_count(e, attribute) > 0;
}

static void on_group(void *arg, const struct direntry *e)
{
	struct census *c = arg;
	const char *attribute = check_text(c->check, "group_name");

	c->n++;
	c->peopled += has_any(e, c->schema->members) || has_any(e, c->schema->unique_members) ||
		      has_any(e, c->schema->users);
	c->named += has_any(e, attribute);
	add_dn(c, direntry_dn(e));
	for (size_t i = 0; i < direntry_count(e, attribute); i++)
		add_name(c, direntry_value(e, attribute, i));
}

/* Does the section speak of this directory?  It may say so, or be open. */
static bool is_ours(const struct check *k, size_t group)
{
	const char *directory = conf_group_text(k->conf, group, "directory");

	return directory == NULL || *directory == '\0' || strcmp(directory, conf_directory_name(k->conf, k->i)) == 0;
}

static bool is_elsewhere_perhaps(const struct check *k, size_t group)
{
	const char *directory = conf_group_text(k->conf, group, "directory");

	return (directory == NULL || *directory == '\0') && conf_directories(k->conf) > 1;
}

/* Which group a section, or its show_to, names. */
static void look_for(const struct census *c, size_t section, const char *name)
{
	struct check *k = c->check;

	if (is_known(c, name))
		return;
	if (is_elsewhere_perhaps(k, section))
		check_say(k, FOUND_WARNING, "group", "there is no group \"%s\" here: is it in another directory?", name);
	else
		check_say(k, FOUND_PROBLEM, "group", "there is no group \"%s\": correct the name in section group \"%s\", or "
			"group_name (%s)", name, conf_group_name(k->conf, section), check_text(k, "group_name"));
}

static void say_missing(const struct census *c)
{
	const struct conf *conf = c->check->conf;

	for (size_t i = 0; i < conf_groups(conf); i++) {
		if (!is_ours(c->check, i))
			continue;
		look_for(c, i, conf_group_name(conf, i));
		for (size_t n = 0; n < conf_group_list_size(conf, i, "show_to"); n++)
			look_for(c, i, conf_group_list_item(conf, i, "show_to", n));
	}
}

static void say_groups(const struct census *c, const char *filter)
{
	struct check *k = c->check;

	if (c->n == 0)
		check_say(k, FOUND_PROBLEM, "groups", "group_filter finds none that %s may read: correct group_base or "
			"group_filter %s", check_who(k), filter);
	else if (c->named == 0)
		check_say(k, FOUND_PROBLEM, "groups", "no group has %s that %s may read: correct group_name, or give it the right",
			check_text(k, "group_name"), check_who(k));
	else if (c->peopled == 0)
		check_say(k, FOUND_PROBLEM, "groups", "no group of %u has members that %s may read: give it the right", c->n,
			check_who(k));
	else
		check_say(k, FOUND_OK, "groups", "%u of %s, %u with members", c->n, filter, c->peopled);
}

static void census_fini(struct census *c)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &c->names);
	while ((n = map_walk_next(&walk)) != NULL) {
		map_remove(&c->names, n);
		free(container_of(n, struct name, node));
	}
	map_fini(&c->names);
}

static void take_census(struct check *k, const char *base)
{
	struct census c = {.check = k, .schema = group_schema_find(k->directory->schema.name)};
	const char *filter = check_text(k, "group_filter"), *attributes[5];
	struct dirsearch all = {.base = base, .subtree = true};
	char why[DIRCONN_WHY_SIZE];
	size_t n = 0;

	attributes[n++] = check_text(k, "group_name");
	if (c.schema->members != NULL)
		attributes[n++] = c.schema->members;
	if (c.schema->unique_members != NULL)
		attributes[n++] = c.schema->unique_members;
	if (c.schema->users != NULL)
		attributes[n++] = c.schema->users;
	attributes[n] = NULL;
	if (filter == NULL)
		filter = c.schema->filter;
	all.filter = filter;
	all.attributes = attributes;
	if (dirconn_search_paged(k->connection, &all, on_group, &c, why) != 0)
		check_say(k, FOUND_PROBLEM, "groups", "%s (after %u groups)", why, c.n);
	else
		say_groups(&c, filter);
	if (c.n > 0)
		say_missing(&c);
	census_fini(&c);
}

/* Sections that have no group to speak of. */
static void say_useless(struct check *k)
{
	for (size_t i = 0; i < conf_groups(k->conf); i++)
		if (is_ours(k, i) && !is_elsewhere_perhaps(k, i))
			check_say(k, FOUND_PROBLEM, "group", "\"%s\" is not looked for: set group_base", conf_group_name(k->conf, i));
}

void check_groups(struct check *k)
{
	const char *base = check_text(k, "group_base");

	if (base == NULL)
		say_useless(k);
	else if (check_base(k, "group_base", base))
		take_census(k, base);
}
