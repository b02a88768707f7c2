/* Asking a loaded configuration. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "conf/conf_private.h"

size_t conf_domain_first(void)
{
	BUG_ON(strcmp(settings[settings_count - DOMAIN_SETTINGS].section, "domain") != 0 ||
		strcmp(settings[settings_count - DOMAIN_SETTINGS - 1].section, "domain") == 0);
	return settings_count - DOMAIN_SETTINGS;
}

void conf_free(struct conf **conf)
{
	struct conf *c = *conf;

	*conf = NULL;
	if (c == NULL)
		return;
	for (size_t i = 0; i < settings_count; i++)
		value_fini(&c->values[i]);
	for (size_t i = 0; i < c->ndomains; i++) {
		for (size_t k = 0; k < DOMAIN_SETTINGS; k++)
			value_fini(&c->domains[i].values[k]);
		free(c->domains[i].name);
	}
	for (size_t i = 0; i < c->ninstances; i++)
		free(c->instances[i]);
	free(c->instances);
	free(c->domains);
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

	BUG_ON(s->type != SETTING_CHOICE && s->type != SETTING_DIRECTORY && s->type != SETTING_FILE);
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

size_t conf_domains(const struct conf *conf)
{
	return conf->ndomains;
}

const char *conf_domain_name(const struct conf *conf, size_t i)
{
	BUG_ON(i >= conf->ndomains);
	return conf->domains[i].name;
}

const char *conf_domain_text(const struct conf *conf, size_t i, const char *setting)
{
	const struct setting *s = setting_find("domain", setting);

	BUG_ON(s == NULL || i >= conf->ndomains);
	return conf->domains[i].values[(size_t)(s - settings) - conf_domain_first()].text;
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

void conf_compare(const struct conf *a, const struct conf *b, const char *section,
	void (*each)(void *arg, const struct conf_change *change), void *arg)
{
	for (size_t i = 0; i < conf_domain_first(); i++) {
		const struct setting *s = &settings[i];
		bool outermost = strcmp(s->section, "global") == 0;
		char name[96];

		if (strcmp(s->section, section) != 0 || value_equal(&a->values[i], &b->values[i]))
			continue;
		snprintf(name, sizeof name, "%s%s%s", outermost ? "" : s->section,
			outermost ? "" : ".", s->name);
		each(arg, &(struct conf_change){name, s->effect == SETTING_RELOAD});
	}
}
