/* All settings with their values, for those who want to see them. */
#include <string.h>

#include "conf/conf_private.h"

struct showing {
	const struct conf *conf, *than;
	void (*each)(void *arg, const struct conf_setting *setting);
	void *arg;
};

const struct conf_sections *conf_sections_of(const struct conf *conf, const char *section)
{
	const struct {
		const char *name;
		const struct conf_sections *all;
	} kinds[] = {{"domain", &conf->domains}, {"component", &conf->components},
		{"directory", &conf->directories}, {"group", &conf->groups}};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].name, section) == 0)
			return kinds[i].all;
	return NULL;
}

static bool is_default(const struct conf *conf, const struct setting *s, const struct value *v)
{
	struct value def = {0};
	bool same;

	value_set_default(&def, s);
	value_set_folder(&def, s, conf->folder);
	same = value_equal(v, &def);
	value_fini(&def);
	return same;
}

static void show(const struct showing *w, const char *title, size_t i, const struct value *v)
{
	const struct setting *s = &settings[i];
	struct buf text = BUF_INIT;

	value_write(v, s, &text);
	buf_put_byte(&text, '\0');
	w->each(w->arg, &(struct conf_setting){
		s->section, title, s->name, (const char *)text.data, is_default(w->conf, s, v)});
	buf_fini(&text);
}

static void show_plain(const struct showing *w, const char *section)
{
	const struct value *values = w->conf->values;

	for (size_t i = 0; i < settings_count; i++)
		if (strcmp(settings[i].section, section) == 0 &&
			(w->than == NULL || !value_equal(&values[i], &w->than->values[i])))
			show(w, NULL, i, &values[i]);
}

static void show_named(const struct showing *w, const char *section)
{
	const struct conf_sections *all = conf_sections_of(w->conf, section);

	for (size_t k = 0; all != NULL && k < all->n; k++)
		for (size_t i = 0; i < settings_count; i++)
			if (strcmp(settings[i].section, section) == 0)
				show(w, all->of[k].name, i, &all->of[k].values[i]);
}

void conf_each_setting(const struct conf *conf, const struct conf *than,
	void (*each)(void *arg, const struct conf_setting *setting), void *arg)
{
	const struct showing w = {conf, than, each, arg};

	if (than == NULL)
		show_plain(&w, "global");
	for (size_t i = 0; i < setting_sections_count; i++) {
		if (setting_sections[i].daemon)
			show_plain(&w, setting_sections[i].name);
		else if (than == NULL)
			show_named(&w, setting_sections[i].name);
	}
}

bool conf_setting_known(size_t i, const char **section, const char **name)
{
	if (i >= settings_count)
		return false;
	*section = settings[i].section;
	*name = settings[i].name;
	return true;
}
