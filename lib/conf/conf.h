/*
 * conf - the one configuration file of the suite
 *
 * Every setting stands in one table (settings.def), with its type, default, range, a sentence of
 * explanation and whether a reload applies it.  From the table come the parser's options
 * (libconfuse), the checks, bulkhead.conf(5), and the report of a reload.  An unknown setting is
 * an error: "file:line: unknown setting 'x', did you mean 'y'?".
 *
 * A struct conf never changes once loaded.
 */
#ifndef BH_CONF_H
#define BH_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct conf;

/* Parses and checks all of the file.  instance ("c2sd@2"; may be NULL) says whose settings are
 * asked for: those in a section instance "c2sd@2" { listen = ... } replace the daemon's own.
 * On an error *what is one line "file:line: ..." and nothing else happened.
 * 0, BH_ECONFIG, or -errno when it cannot be read. */
int conf_load(const char *path, const char *instance, struct conf **out, char *what,
	size_t what_size);

/* The same of a text that is there already; errors name the path, and relative paths count from its
 * folder. */
struct conf_source {
	struct str text;
	const char *path, *instance;
};
int conf_parse(const struct conf_source *from, struct conf **out, char *what, size_t what_size);

void conf_free(struct conf **conf);

/* The value of "section.setting" ("c2sd.auth_timeout"); the setting must exist in
 * the table with that type (else a bug).  Texts live as long as conf; NULL where a text has no
 * value.  Durations are in seconds, sizes in bytes. */
const char *conf_text(const struct conf *conf, const char *name);
int64_t conf_number(const struct conf *conf, const char *name);
bool conf_bool(const struct conf *conf, const char *name);
/* Lists of texts. */
size_t conf_list_size(const struct conf *conf, const char *name);
const char *conf_list_item(const struct conf *conf, const char *name, size_t i);

/* domain "example.org" { ... }: how many, each one's canonical name, and its settings by
 * their short name ("certificate"). */
size_t conf_domains(const struct conf *conf);
const char *conf_domain_name(const struct conf *conf, size_t i);
const char *conf_domain_text(const struct conf *conf, size_t i, const char *setting);
size_t conf_domain_list_size(const struct conf *conf, size_t i, const char *setting);
const char *conf_domain_list_item(const struct conf *conf, size_t i, const char *setting, size_t k);

/* component "irc.example.org" { ... }: the same.  No component has the name of a domain. */
size_t conf_components(const struct conf *conf);
const char *conf_component_name(const struct conf *conf, size_t i);
const char *conf_component_text(const struct conf *conf, size_t i, const char *setting);

/* directory "main" { ... }: the same, and settings of every type. */
size_t conf_directories(const struct conf *conf);
const char *conf_directory_name(const struct conf *conf, size_t i);
const char *conf_directory_text(const struct conf *conf, size_t i, const char *setting);
int64_t conf_directory_number(const struct conf *conf, size_t i, const char *setting);
bool conf_directory_bool(const struct conf *conf, size_t i, const char *setting);
size_t conf_directory_list_size(const struct conf *conf, size_t i, const char *setting);
const char *conf_directory_list_item(const struct conf *conf, size_t i, const char *setting, size_t k);

/* group "Engineering" { ... }: the same; names are as they stand in the file. */
size_t conf_groups(const struct conf *conf);
const char *conf_group_name(const struct conf *conf, size_t i);
const char *conf_group_text(const struct conf *conf, size_t i, const char *setting);
size_t conf_group_list_size(const struct conf *conf, size_t i, const char *setting);
const char *conf_group_list_item(const struct conf *conf, size_t i, const char *setting, size_t k);

/* Where a relative path in the file counts from, applied to paths already: the folder of
 * the file. */
const char *conf_path(const struct conf *conf);

/* instance "c2sd@2" { ... }: the names that have such a section, as they stand in the file. */
size_t conf_instances(const struct conf *conf);
const char *conf_instance_name(const struct conf *conf, size_t i);

/* SHA-256 of the text that it was read from, 32 bytes: two of the same text say the same. */
const uint8_t *conf_digest(const struct conf *conf);

/* When a changed setting is in force. */
enum conf_effect {
	CONF_ON_RELOAD,
	CONF_ON_RESTART, /* of its daemon */
	CONF_ON_RUN,	 /* of `bulkhead run` */
};

/* Calls `each` for every setting of a section ("c2sd", "global", "domain") whose value differs.  Of sections with a name
 * each one is compared with that of its name; one that is on one side only is a single change, "added" or "removed".
 * The texts live until `each` returns. */
struct conf_change {
	const char *name; /* "c2sd.listen", "log_level", "domain \"example.org\".key" */
	const char *from, *to;
	enum conf_effect effect;
};
void conf_compare(const struct conf *a, const struct conf *b, const char *section,
	void (*each)(void *arg, const struct conf_change *change), void *arg);

/* Calls `each` for every setting with its value, as in conf_change and uncut: those outside of sections, those of daemons,
 * those of each section with a name.  is_default: without the file it would be the same.  With `than` only those of daemons
 * that are not the same there.  The texts live until `each` returns. */
struct conf_setting {
	const char *section; /* "global" outside of sections */
	const char *title;   /* "example.org"; NULL where the section has no name */
	const char *name, *value;
	bool is_default;
};
void conf_each_setting(const struct conf *conf, const struct conf *than,
	void (*each)(void *arg, const struct conf_setting *setting), void *arg);

/* The settings that there can be, one after the other, and the section of each; false behind the last. */
bool conf_setting_known(size_t i, const char **section, const char **name);

/* The sections of daemons, one after the other; NULL behind the last. */
const char *conf_daemon_section(size_t i);

#endif
