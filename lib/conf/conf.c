/* Asking a loaded configuration. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "conf/conf_private.h"

static void free_sections(struct conf_sections *all)
{
	for (size_t i = 0; i < all->n; i++) {
		for (size_t k = 0; k < settings_count; k++)
			value_fini(&all->of[i].values[k]);
		free(all->of[i].values);
		free(all->of[i].name);
	}
	free(all->of);
}

void conf_free(struct conf **conf)
{
	struct conf *c = *conf;

	*conf = NULL;
	if (c == NULL)
		return;
	for (size_t i = 0; i < settings_count; i++)
		value_fini(&c->values[i]);
	free_sections(&c->domains);
	free_sections(&c->components);
	free_sections(&c->directories);
	free_sections(&c->groups);
	for (size_t i = 0; i < c->ninstances; i++)
		free(c->instances[i]);
	free(c->instances);
	free(c->values);
	free(c->folder);
	free(c);
}

static const struct value *get(const struct conf *conf, const char *name, const struct setting **s)
{
	*s = setting_named(name);
	BUG_ON(*s == NULL);
	return &conf->values[*s - settings];
}

const char *conf_text(const struct conf *conf, const char *name)
{
	const struct setting *s;
	const struct value *v = get(conf, name, &s);

	BUG_ON(s->type != SETTING_CHOICE && s->type != SETTING_DIRECTORY &&
		s->type != SETTING_FILE && s->type != SETTING_TEXT);
	return v->text;
}

int64_t conf_number(const struct conf *conf, const char *name)
{
	const struct setting *s;
	const struct value *v = get(conf, name, &s);

	BUG_ON(s->type != SETTING_NUMBER && s->type != SETTING_SIZE && s->type != SETTING_DURATION);
	return v->number;
}

bool conf_bool(const struct conf *conf, const char *name)
{
	const struct setting *s;
	const struct value *v = get(conf, name, &s);

	BUG_ON(s->type != SETTING_BOOL);
	return v->number != 0;
}

size_t conf_list_size(const struct conf *conf, const char *name)
{
	const struct setting *s;
	const struct value *v = get(conf, name, &s);

	BUG_ON(s->type != SETTING_LIST);
	return v->nitems;
}

const char *conf_list_item(const struct conf *conf, const char *name, size_t i)
{
	const struct setting *s;
	const struct value *v = get(conf, name, &s);

	BUG_ON(s->type != SETTING_LIST || i >= v->nitems);
	return v->items[i];
}

static const struct value *value_of(const struct conf_sections *all, size_t i, const char *section,
	const char *setting, bool list)
{
	const struct setting *s = setting_find(section, setting);

	BUG_ON(s == NULL || i >= all->n || (s->type == SETTING_LIST) != list);
	return &all->of[i].values[s - settings];
}

size_t conf_domains(const struct conf *conf)
{
	return conf->domains.n;
}

const char *conf_domain_name(const struct conf *conf, size_t i)
{
	BUG_ON(i >= conf->domains.n);
	return conf->domains.of[i].name;
}

const char *conf_domain_text(const struct conf *conf, size_t i, const char *setting)
{
	return value_of(&conf->domains, i, "domain", setting, false)->text;
}

size_t conf_domain_list_size(const struct conf *conf, size_t i, const char *setting)
{
	return value_of(&conf->domains, i, "domain", setting, true)->nitems;
}

const char *conf_domain_list_item(const struct conf *conf, size_t i, const char *setting, size_t k)
{
	const struct value *v = value_of(&conf->domains, i, "domain", setting, true);

	BUG_ON(k >= v->nitems);
	return v->items[k];
}

size_t conf_components(const struct conf *conf)
{
	return conf->components.n;
}

const char *conf_component_name(const struct conf *conf, size_t i)
{
	BUG_ON(i >= conf->components.n);
	return conf->components.of[i].name;
}

const char *conf_component_text(const struct conf *conf, size_t i, const char *setting)
{
	return value_of(&conf->components, i, "component", setting, false)->text;
}

size_t conf_directories(const struct conf *conf)
{
	return conf->directories.n;
}

const char *conf_directory_name(const struct conf *conf, size_t i)
{
	BUG_ON(i >= conf->directories.n);
	return conf->directories.of[i].name;
}

const char *conf_directory_text(const struct conf *conf, size_t i, const char *setting)
{
	return value_of(&conf->directories, i, "directory", setting, false)->text;
}

int64_t conf_directory_number(const struct conf *conf, size_t i, const char *setting)
{
	return value_of(&conf->directories, i, "directory", setting, false)->number;
}

bool conf_directory_bool(const struct conf *conf, size_t i, const char *setting)
{
	return conf_directory_number(conf, i, setting) != 0;
}

size_t conf_directory_list_size(const struct conf *conf, size_t i, const char *setting)
{
	return value_of(&conf->directories, i, "directory", setting, true)->nitems;
}

const char *conf_directory_list_item(const struct conf *conf, size_t i, const char *setting, size_t k)
{
	const struct value *v = value_of(&conf->directories, i, "directory", setting, true);

	BUG_ON(k >= v->nitems);
	return v->items[k];
}

size_t conf_groups(const struct conf *conf)
{
	return conf->groups.n;
}

const char *conf_group_name(const struct conf *conf, size_t i)
{
	BUG_ON(i >= conf->groups.n);
	return conf->groups.of[i].name;
}

const char *conf_group_text(const struct conf *conf, size_t i, const char *setting)
{
	return value_of(&conf->groups, i, "group", setting, false)->text;
}

size_t conf_group_list_size(const struct conf *conf, size_t i, const char *setting)
{
	return value_of(&conf->groups, i, "group", setting, true)->nitems;
}

const char *conf_group_list_item(const struct conf *conf, size_t i, const char *setting, size_t k)
{
	const struct value *v = value_of(&conf->groups, i, "group", setting, true);

	BUG_ON(k >= v->nitems);
	return v->items[k];
}

const char *conf_path(const struct conf *conf)
{
	return conf->folder;
}

size_t conf_instances(const struct conf *conf)
{
	return conf->ninstances;
}

const char *conf_instance_name(const struct conf *conf, size_t i)
{
	BUG_ON(i >= conf->ninstances);
	return conf->instances[i];
}

const uint8_t *conf_digest(const struct conf *conf)
{
	return conf->digest;
}
