/* What differs between two configurations, in words. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "conf/conf_private.h"

enum { TEXT_SIZE = 512 };

struct comparing {
	void (*each)(void *arg, const struct conf_change *change);
	void *arg;
};

const char *conf_daemon_section(size_t i)
{
	for (size_t k = 0; k < setting_sections_count; k++)
		if (setting_sections[k].daemon && i-- == 0)
			return setting_sections[k].name;
	return NULL;
}

static void write_list(char out[TEXT_SIZE], const struct value *v)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < v->nitems && len < TEXT_SIZE; i++)
		len += (size_t)snprintf(out + len, TEXT_SIZE - len, "%s%s", i > 0 ? ", " : "", v->items[i]);
}

/* As people write it; numbers in their smallest unit. */
static void write_value(char out[TEXT_SIZE], const struct setting *s, const struct value *v)
{
	static const char *const units[] = {[SETTING_NUMBER] = "", [SETTING_SIZE] = "B", [SETTING_DURATION] = "s"};

	if (s->type == SETTING_LIST)
		write_list(out, v);
	else if (s->type == SETTING_BOOL)
		snprintf(out, TEXT_SIZE, "%s", v->number != 0 ? "true" : "false");
	else if (s->type == SETTING_NUMBER || s->type == SETTING_SIZE || s->type == SETTING_DURATION)
		snprintf(out, TEXT_SIZE, "%" PRId64 "%s", v->number, units[s->type]);
	else
		snprintf(out, TEXT_SIZE, "%s", v->text != NULL ? v->text : "");
}

static void compare_value(const struct comparing *c, const char *name, size_t i, const struct value *const values[2])
{
	static const enum conf_effect effects[] = {[SETTING_RELOAD] = CONF_ON_RELOAD,
		[SETTING_RESTART] = CONF_ON_RESTART, [SETTING_SUITE] = CONF_ON_RUN};
	char from[TEXT_SIZE], to[TEXT_SIZE];

	if (value_equal(&values[0][i], &values[1][i]))
		return;
	write_value(from, &settings[i], &values[0][i]);
	write_value(to, &settings[i], &values[1][i]);
	c->each(c->arg, &(struct conf_change){name, from, to, effects[settings[i].effect]});
}

static void compare_plain(const struct comparing *c, const char *section, const struct value *const values[2])
{
	const char *outer = strcmp(section, "global") == 0 ? "" : section;
	char name[96];

	for (size_t i = 0; i < settings_count; i++) {
		if (strcmp(settings[i].section, section) != 0)
			continue;
		snprintf(name, sizeof name, "%s%s%s", outer, *outer != '\0' ? "." : "", settings[i].name);
		compare_value(c, name, i, values);
	}
}

/* ---- sections with a name -------------------------------------------------------------------- */

static const struct conf_sections *sections_of(const struct conf *conf, const char *section)
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

static const struct conf_section *find(const struct conf_sections *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->of[i].name, name) == 0)
			return &all->of[i];
	return NULL;
}

static void compare_named(const struct comparing *c, const char *section, const struct conf_section *a,
	const struct conf_section *b)
{
	const struct value *const values[2] = {a->values, b->values};
	char name[TEXT_SIZE];

	for (size_t i = 0; i < settings_count; i++) {
		if (strcmp(settings[i].section, section) != 0)
			continue;
		snprintf(name, sizeof name, "%s \"%s\".%s", section, a->name, settings[i].name);
		compare_value(c, name, i, values);
	}
}

static void tell_lone(const struct comparing *c, const char *section, const char *title, bool added)
{
	char name[TEXT_SIZE];

	snprintf(name, sizeof name, "%s \"%s\"", section, title);
	c->each(c->arg, &(struct conf_change){name, "", added ? "added" : "removed", CONF_ON_RELOAD});
}

static void compare_sections(const struct comparing *c, const char *section, const struct conf_sections *a,
	const struct conf_sections *b)
{
	if (a == NULL || b == NULL)
		return; /* a section that has no name */
	for (size_t i = 0; i < a->n; i++) {
		const struct conf_section *other = find(b, a->of[i].name);

		if (other != NULL)
			compare_named(c, section, &a->of[i], other);
		else
			tell_lone(c, section, a->of[i].name, false);
	}
	for (size_t i = 0; i < b->n; i++)
		if (find(a, b->of[i].name) == NULL)
			tell_lone(c, section, b->of[i].name, true);
}

void conf_compare(const struct conf *a, const struct conf *b, const char *section,
	void (*each)(void *arg, const struct conf_change *change), void *arg)
{
	const struct comparing c = {each, arg};
	const struct conf_sections *named = sections_of(a, section);
	const struct value *const values[2] = {a->values, b->values};

	if (named != NULL)
		compare_sections(&c, section, named, sections_of(b, section));
	else
		compare_plain(&c, section, values);
}
