/* The table, finding in it, and guessing what was meant. */
#include "conf/settings.h"

#include "base/edit.h"

#include <stdio.h>
#include <string.h>

const struct setting settings[] = {
#define SETTING(section, name, type, def, min, max, effect, text)                                  \
	{#section, #name, SETTING_##type, def, min, max, SETTING_##effect, text},
#include "conf/settings.def"
#undef SETTING
};
const size_t settings_count = sizeof settings / sizeof settings[0];

const struct setting_section setting_sections[] = {
	{"c2sd", NULL, true, "The processes that carry client streams."},
	{"s2sd", NULL, true, "The processes that carry streams from and to remote servers."},
	{"keyd", NULL, true, "The process that has the private keys."},
	{"routerd", NULL, true, "The switch between all processes."},
	{"authd", NULL, true, "The process that knows accounts and passwords."},
	{"snmp", NULL, true, "The process that shows the suite to SNMP (AgentX)."},
	{"metrics", NULL, true, "The process that shows the suite to Prometheus and its like (OpenMetrics)."},
	{"domain", "example.org", false, "A domain that this server serves, and its certificate."},
	{"directory", "main", false, "An LDAP directory that holds accounts (domain.directory names it)."},
	{"group", "Engineering", false,
		"A group in a directory (directory.group_base): who sees its members, and what they may do."},
	{"component", "irc.example.org", false,
		"A domain that another program serves, which connects here (XEP-0114)."},
	{"instance", "c2sd@2", false,
		"Settings of one process (\"c2sd@2\"), in place of those of its daemon."},
};
const size_t setting_sections_count = sizeof setting_sections / sizeof setting_sections[0];

const struct setting *setting_find(const char *section, const char *name)
{
	for (size_t i = 0; i < settings_count; i++)
		if (strcmp(settings[i].section, section) == 0 && strcmp(settings[i].name, name) == 0)
			return &settings[i];
	return NULL;
}

const struct setting *setting_named(const char *name)
{
	const char *dot = strchr(name, '.');
	char section[32];

	if (dot == NULL)
		return setting_find("global", name);
	snprintf(section, sizeof section, "%.*s", (int)(dot - name), name);
	return setting_find(section, dot + 1);
}

const struct setting_section *setting_section(const char *name)
{
	for (size_t i = 0; i < setting_sections_count; i++)
		if (strcmp(setting_sections[i].name, name) == 0)
			return &setting_sections[i];
	return NULL;
}

/* Has `name`, far from `meant` as it is, still been meant by it? */
static bool is_near(const char *name, unsigned far)
{
	size_t len = strlen(name);

	return far <= 3 && (size_t)far * 3 <= len;
}

struct guess {
	unsigned far;
	const char *section, *name;
};

static void consider(struct guess *g, const char *written, const char *section, const char *name)
{
	unsigned far = edit_distance(written, name);

	if (far < g->far)
		*g = (struct guess){far, section, name};
}

/* Only where the name itself is right is another section proposed, or where we are outermost. */
static struct guess guess_elsewhere(const char *name, bool outermost)
{
	struct guess g = {EDIT_LENGTH_MAX, NULL, NULL};

	for (size_t i = 0; i < settings_count; i++)
		consider(&g, name, settings[i].section, settings[i].name);
	if (!outermost && g.far > 0)
		g.name = NULL;
	return g;
}

bool setting_guess(const char *section, const char *name, char *out, size_t size)
{
	bool outermost = strcmp(section, "global") == 0;
	struct guess g = {EDIT_LENGTH_MAX, NULL, NULL};

	for (size_t i = 0; i < settings_count; i++)
		if (strcmp(settings[i].section, section) == 0)
			consider(&g, name, section, settings[i].name);
	for (size_t i = 0; outermost && i < setting_sections_count; i++)
		consider(&g, name, section, setting_sections[i].name);
	if (g.name == NULL || !is_near(name, g.far))
		g = guess_elsewhere(name, outermost);
	if (g.name == NULL || !is_near(name, g.far))
		return false;
	if (strcmp(g.section, section) == 0)
		snprintf(out, size, "%s", g.name);
	else
		snprintf(out, size, "%s.%s", g.section, g.name);
	return true;
}
