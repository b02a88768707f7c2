/* What a file says, taken over into a struct conf: the daemons' settings, those of an instance in
 * their place, and the sections with a name. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "conf/load.h"
#include "xmpp/jid.h"

enum { RUN_DIR_MAX = 91 }; /* so that run_dir and a socket's name fit into sun_path */

/* Takes over what a section of the file sets of a section of the table. */
static void take(cfg_t *cfg, const char *section, struct value *values)
{
	char what[256];

	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings[i];
		cfg_opt_t *opt;

		if (strcmp(s->section, section) != 0)
			continue;
		opt = cfg_getopt(cfg, s->name);
		if ((opt->flags & CFGF_MODIFIED) == 0)
			continue;
		value_fini(&values[i]);
		for (unsigned k = 0; k < cfg_opt_size(opt); k++)
			BUG_ON(!value_set(&values[i], s, cfg_opt_getnstr(opt, k), what,
				sizeof what));
	}
}

static void take_daemons(struct loader *l, cfg_t *root)
{
	for (size_t i = 0; i < setting_sections_count; i++) {
		const char *name = setting_sections[i].name;

		if (!setting_sections[i].daemon)
			continue;
		for (unsigned k = 0; k < cfg_size(root, name); k++)
			take(cfg_getnsec(root, name, k), name, l->conf->values);
	}
}

/* The name becomes part of file names and of log lines. */
static bool is_instance_name(const char *title)
{
	const char *at = strchr(title, '@');

	if (loader_daemon_of(title) == NULL || strlen(title) >= TITLE_MAX || (at != NULL && at[1] == '\0'))
		return false;
	for (at = at != NULL ? at + 1 : ""; *at != '\0'; at++)
		if (!isalnum((unsigned char)*at) && strchr("-_.", *at) == NULL)
			return false;
	return true;
}

/* A section for all instances of a daemon counts before the one for our own. */
static void take_instances_named(struct loader *l, cfg_t *root, const char *name)
{
	for (unsigned i = 0; i < cfg_size(root, "instance"); i++) {
		cfg_t *cfg = cfg_getnsec(root, "instance", i);

		if (strcmp(cfg_title(cfg), name) == 0)
			take(cfg, loader_table_section(cfg), l->conf->values);
	}
}

static void take_instances(struct loader *l, cfg_t *root)
{
	unsigned n = cfg_size(root, "instance");
	char daemon[TITLE_MAX];

	l->conf->instances = bh_alloc((n + 1) * sizeof *l->conf->instances);
	for (unsigned i = 0; i < n; i++) {
		cfg_t *cfg = cfg_getnsec(root, "instance", i);

		if (!is_instance_name(cfg_title(cfg)))
			loader_fail(l, cfg->line, "\"%s\" is not an instance's name, such as \"c2sd@2\"",
				cfg_title(cfg));
		l->conf->instances[l->conf->ninstances++] = bh_strdup(cfg_title(cfg));
	}
	if (l->instance == NULL)
		return;
	snprintf(daemon, sizeof daemon, "%.*s", (int)strcspn(l->instance, "@"), l->instance);
	take_instances_named(l, root, daemon);
	if (strcmp(daemon, l->instance) != 0)
		take_instances_named(l, root, l->instance);
}

/* ---- sections with a name ---------------------------------------------------------------- */

static bool has_name(const struct conf_sections *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->of[i].name, name) == 0)
			return true;
	return false;
}

/* Its values: the table's defaults, what the file sets, paths from the folder of the file. */
static void take_values(struct loader *l, cfg_t *cfg, const char *section, struct conf_section *to)
{
	for (size_t i = 0; i < settings_count; i++)
		if (strcmp(settings[i].section, section) == 0)
			value_set_default(&to->values[i], &settings[i]);
	take(cfg, section, to->values);
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings[i];

		if (strcmp(s->section, section) != 0)
			continue;
		value_set_folder(&to->values[i], s, l->conf->folder);
		if (s->type == SETTING_FILE && to->values[i].text == NULL && s->min > 0)
			loader_fail(l, cfg->line, "%s \"%s\" has no %s: add %s = \"FILE\"", section,
				to->name, s->name, s->name);
	}
}

static void add_section(struct loader *l, cfg_t *cfg, const char *section, const char *name, struct conf_sections *all)
{
	struct conf_section *to = &all->of[all->n++];

	to->name = bh_strdup(name);
	to->values = bh_alloc(settings_count * sizeof *to->values);
	take_values(l, cfg, section, to);
}

static void take_named(struct loader *l, cfg_t *cfg, const char *section, struct conf_sections *all)
{
	char name[JID_PART_MAX + 1];
	size_t len;

	if (jid_prepare_domain(str_of(cfg_title(cfg)), name, &len) != 0) {
		loader_fail(l, cfg->line, "\"%s\" is not a domain name", cfg_title(cfg));
		return;
	}
	if (has_name(all, name))
		loader_fail(l, cfg->line, "duplicate %s \"%s\"", section, name);
	if (all == &l->conf->components && has_name(&l->conf->domains, name))
		loader_fail(l, cfg->line, "%s \"%s\" is a domain of this server already", section,
			name);
	add_section(l, cfg, section, name, all);
}

static void take_all_named(struct loader *l, cfg_t *root, const char *section,
	struct conf_sections *all)
{
	unsigned n = cfg_size(root, section);

	all->of = bh_alloc((n + 1) * sizeof *all->of);
	for (unsigned i = 0; i < n && !l->failed; i++)
		take_named(l, cfg_getnsec(root, section, i), section, all);
}

/* ---- groups of directories ----------------------------------------------------------------- */

static void check_roles(struct loader *l, cfg_t *cfg, size_t i)
{
	for (size_t k = 0; k < conf_group_list_size(l->conf, i, "roles"); k++) {
		const char *role = conf_group_list_item(l->conf, i, "roles", k);

		if (strcmp(role, "admin") != 0 && strcmp(role, "federation") != 0)
			loader_fail(l, cfg->line, "group \"%s\": \"%s\" is no role: they are \"admin\" and \"federation\"",
				conf_group_name(l->conf, i), role);
	}
}

static void check_group(struct loader *l, cfg_t *cfg, size_t i)
{
	const char *name = conf_group_name(l->conf, i), *directory = conf_group_text(l->conf, i, "directory");
	bool groups = strcmp(conf_group_text(l->conf, i, "show"), "groups") == 0;

	if (directory != NULL && *directory != '\0' && !has_name(&l->conf->directories, directory))
		loader_fail(l, cfg->line, "group \"%s\": there is no section directory \"%s\"", name, directory);
	if (groups != (conf_group_list_size(l->conf, i, "show_to") > 0))
		loader_fail(l, cfg->line, "group \"%s\": show = \"groups\" and show_to go together", name);
	check_roles(l, cfg, i);
}

/* Their names are the directory's, not ours. */
static void take_groups(struct loader *l, cfg_t *root)
{
	unsigned n = cfg_size(root, "group");

	l->conf->groups.of = bh_alloc((n + 1) * sizeof *l->conf->groups.of);
	for (unsigned i = 0; i < n && !l->failed; i++) {
		cfg_t *cfg = cfg_getnsec(root, "group", i);

		add_section(l, cfg, "group", cfg_title(cfg), &l->conf->groups);
		check_group(l, cfg, i);
	}
}

static void check_domain(struct loader *l, cfg_t *root, size_t i)
{
	const char *name = conf_domain_text(l->conf, i, "directory");

	if ((conf_domain_text(l->conf, i, "s2s_certificate") != NULL) != (conf_domain_text(l->conf, i, "s2s_key") != NULL))
		loader_fail(l, cfg_getnsec(root, "domain", (unsigned)i)->line,
			"domain \"%s\": s2s_certificate and s2s_key go together: give both, or none",
			conf_domain_name(l->conf, i));
	if (name != NULL && *name != '\0' && !has_name(&l->conf->directories, name))
		loader_fail(l, cfg_getnsec(root, "domain", (unsigned)i)->line,
			"domain \"%s\": there is no section directory \"%s\"", conf_domain_name(l->conf, i), name);
}

/* An account is meant, with its domain: whoever has that name elsewhere is somebody else. */
static void check_admins(struct loader *l, cfg_t *root, size_t i)
{
	for (size_t k = 0; k < conf_domain_list_size(l->conf, i, "admins"); k++) {
		const char *admin = conf_domain_list_item(l->conf, i, "admins", k);
		char text[JID_MAX + 1];
		struct jid jid;

		if (jid_prepare(str_of(admin), text, &jid) != 0 || jid.local.p == NULL || jid.resource.p != NULL)
			loader_fail(l, cfg_getnsec(root, "domain", (unsigned)i)->line,
				"domain \"%s\": \"%s\" is no account's address, such as \"admin@%s\"",
				conf_domain_name(l->conf, i), admin, conf_domain_name(l->conf, i));
	}
}

static void take_domains(struct loader *l, cfg_t *root)
{
	if (cfg_size(root, "domain") == 0)
		loader_fail(l, loader_last_line(root->line - 1), "there is no domain: add domain "
			"\"example.org\" { certificate = \"FILE\" key = \"FILE\" }");
	take_all_named(l, root, "domain", &l->conf->domains);
	take_all_named(l, root, "component", &l->conf->components);
	take_all_named(l, root, "directory", &l->conf->directories);
	for (size_t i = 0; i < l->conf->domains.n && !l->failed; i++) {
		check_domain(l, root, i);
		check_admins(l, root, i);
	}
	take_groups(l, root);
}

/* ---- all of it ---------------------------------------------------------------------------- */

static void finish_paths(struct loader *l)
{
	size_t run_dir = (size_t)(setting_find("global", "run_dir") - settings);

	for (size_t i = 0; i < settings_count; i++)
		value_set_folder(&l->conf->values[i], &settings[i], l->conf->folder);
	if (strlen(l->conf->values[run_dir].text) > RUN_DIR_MAX)
		loader_fail(l, l->lines[run_dir], "run_dir \"%s\" is longer than %d bytes: sockets "
			"in it could not be named", l->conf->values[run_dir].text, RUN_DIR_MAX);
}

void loader_take(struct loader *l, cfg_t *root)
{
	for (size_t i = 0; i < settings_count; i++)
		value_set_default(&l->conf->values[i], &settings[i]);
	take(root, "global", l->conf->values);
	take_daemons(l, root);
	take_instances(l, root);
	finish_paths(l);
	take_domains(l, root);
}
