/*
 * settings - the table of settings.def in memory
 *
 * Private to lib/conf and to the program that writes bulkhead.conf(5).
 */
#ifndef BH_SETTINGS_H
#define BH_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_type {
	SETTING_CHOICE,
	SETTING_DIRECTORY,
	SETTING_FILE,
	SETTING_NUMBER,
	SETTING_SIZE,
	SETTING_DURATION,
	SETTING_BOOL,
	SETTING_LIST,
	SETTING_TEXT, /* one line */
};

enum setting_effect { SETTING_RELOAD, SETTING_RESTART, SETTING_SUITE };

struct setting {
	const char *section;
	const char *name;
	enum setting_type type;
	const char *def;
	int64_t min, max;
	enum setting_effect effect;
	const char *text;
};

extern const struct setting settings[];
extern const size_t settings_count;

/* The sections that a file may have besides "global", which is the outermost level. */
struct setting_section {
	const char *name;
	const char *title; /* an example of its name (domain "example.org"); NULL without */
	bool daemon; /* the settings of a daemon; instance "..." may replace them */
	const char *text;
};
extern const struct setting_section setting_sections[];
extern const size_t setting_sections_count;

/* NULL where there is none. */
const struct setting *setting_find(const char *section, const char *name);
/* By "section.name", or by the name alone for those of the outermost level. */
const struct setting *setting_named(const char *name);
const struct setting_section *setting_section(const char *name);

/* What somebody who wrote `name` in a section may have meant: "auth_timeout", or "c2sd.listen" where
 * it belongs into another section.  false where nothing is near. */
bool setting_guess(const char *section, const char *name, char *out, size_t size);

#endif
