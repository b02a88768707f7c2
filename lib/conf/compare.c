/* What differs between two configurations, in words. */
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

/* What does not fit is cut: a row of a reload's report is for people. */
static void write_value(char out[TEXT_SIZE], const struct setting *s, const struct value *v)
{
	struct buf text = BUF_INIT;

	value_write(v, s, &text);
	snprintf(out, TEXT_SIZE, "%.*s", STR_FMT(buf_str(&text)));
	buf_fini(&text);
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
	const struct conf_sections *named = conf_sections_of(a, section);
	const struct value *const values[2] = {a->values, b->values};

	if (named != NULL)
		compare_sections(&c, section, named, conf_sections_of(b, section));
	else
		compare_plain(&c, section, values);
}
