/* bulkhead-settings - writes bulkhead.conf(5) on standard output, out of the table of settings */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/settings.h"

static const char head[] =
	".\\\" Written by bulkhead-settings from lib/conf/settings.def.\n"
	".Dd January 1, 2026\n"
	".Dt BULKHEAD.CONF 5\n"
	".Os\n"
	".Sh NAME\n"
	".Nm bulkhead.conf\n"
	".Nd the configuration of the Bulkhead XMPP server\n"
	".Sh DESCRIPTION\n"
	"One file configures all daemons.\n"
	"It holds settings,\n"
	".Ql name = value ,\n"
	"and sections,\n"
	".Ql name { ... } .\n"
	"Texts with other characters than letters and digits stand in double quotes, lists in braces:\n"
	".Ql listen = {\\(dq*:5222\\(dq, \\(dq[::1]:5322\\(dq} .\n"
	"A comment begins with\n"
	".Ql #\n"
	"and ends with the line.\n"
	"An unknown setting is an error.\n"
	".Pp\n"
	"Sizes are numbers of bytes, or numbers with a unit:\n"
	".Ql 256KiB ,\n"
	".Ql 4MiB ,\n"
	".Ql 1GiB .\n"
	"Durations are numbers of seconds, or numbers with a unit:\n"
	".Ql 30s ,\n"
	".Ql 5min ,\n"
	".Ql 2h ,\n"
	".Ql 1d .\n"
	"Relative paths count from the folder of the file.\n"
	".Pp\n"
	"By\n"
	".Xr bulkheadctl 8 Cm reload ,\n"
	"and on SIGHUP to any of them, all daemons read the file again, and all take it or none.\n"
	"A file with an error changes nothing; settings marked\n"
	".Em restart\n"
	"take effect when the daemon starts again.\n";

static const char foot[] =
	".Sh FILES\n"
	".Bl -tag -width Ds\n"
	".It Pa /etc/bulkhead/bulkhead.conf\n"
	"The file that the daemons read unless told otherwise.\n"
	".El\n"
	".Sh EXAMPLES\n"
	".Bd -literal\n"
	"domain \\(dqexample.org\\(dq {\n"
	"\tcertificate = \\(dq/etc/letsencrypt/live/example.org/fullchain.pem\\(dq\n"
	"\tkey = \\(dq/etc/letsencrypt/live/example.org/privkey.pem\\(dq\n"
	"}\n"
	"c2sd {\n"
	"\tinstances = 2\n"
	"\tlisten = {\\(dq*:5222\\(dq}\n"
	"\tlisten_tls = {\\(dq*:5223\\(dq}\n"
	"}\n"
	"component \\(dqirc.example.org\\(dq {\n"
	"\tsecret = \\(dqirc.secret\\(dq\n"
	"\tname = \\(dqA gateway to IRC\\(dq\n"
	"}\n"
	"instance \\(dqc2sd@2\\(dq {\n"
	"\tlisten = {\\(dq*:5322\\(dq}\n"
	"}\n"
	".Ed\n"
	".Sh SEE ALSO\n"
	".Xr bulkhead 8 ,\n"
	".Xr bulkheadctl 8\n";

static const char *const type_names[] = {
	[SETTING_CHOICE] = "choice",
	[SETTING_DIRECTORY] = "folder",
	[SETTING_FILE] = "file",
	[SETTING_NUMBER] = "number",
	[SETTING_SIZE] = "size",
	[SETTING_DURATION] = "duration",
	[SETTING_BOOL] = "true or false",
	[SETTING_LIST] = "list of texts",
	[SETTING_TEXT] = "text",
};

static const char *const effect_names[] = {
	[SETTING_RELOAD] = "reload",
	[SETTING_RESTART] = "restart",
	[SETTING_SUITE] = "reload where it grows, else restart of bulkhead(8)",
};

/* Text for the middle of an mdoc line: nothing of it is a macro. */
static void put(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputs("\\(dq", stdout);
		else if (*text == '\\')
			fputs("\\e", stdout);
		else
			putchar(*text);
	}
}

static void put_range(const struct setting *s)
{
	if (s->type == SETTING_NUMBER || s->type == SETTING_SIZE || s->type == SETTING_DURATION)
		printf("From %lld to %lld%s.\n", (long long)s->min, (long long)s->max,
			s->type == SETTING_SIZE ? " bytes" :
				s->type == SETTING_DURATION ? " seconds" : "");
}

/* The files of a section with a name. */
static bool must_be_given(const struct setting *s)
{
	const struct setting_section *section = setting_section(s->section);

	return s->type == SETTING_FILE && section != NULL && section->title != NULL;
}

static void put_default(const struct setting *s)
{
	size_t first = strcspn(s->def, " ");

	if (s->type == SETTING_CHOICE) {
		fputs("One of: ", stdout);
		put(s->def);
		printf(".\nDefault: %.*s.\n", (int)first, s->def);
	} else if (s->def[0] != '\0') {
		fputs("Default: ", stdout);
		put(s->def);
		fputs(s->type == SETTING_LIST ? "\n" : ".\n", stdout);
	} else if (!must_be_given(s)) {
		fputs("Default: none.\n", stdout);
	}
}

static void put_settings(const char *section)
{
	puts(".Bl -tag -width Ds");
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings[i];

		if (strcmp(s->section, section) != 0)
			continue;
		printf(".It Ic %s No (%s; %s)\n", s->name, type_names[s->type],
			effect_names[s->effect]);
		put(s->text);
		putchar('\n');
		put_default(s);
		put_range(s);
	}
	puts(".El");
}

int main(void)
{
	fputs(head, stdout);
	puts(".Sh SETTINGS OUTSIDE OF SECTIONS");
	put_settings("global");
	for (size_t i = 0; i < setting_sections_count; i++) {
		const struct setting_section *s = &setting_sections[i];

		printf(".Sh SECTION %s%s\n", s->name, s->title != NULL ? " NAME" : "");
		put(s->text);
		putchar('\n');
		if (strcmp(s->name, "instance") != 0)
			put_settings(s->name);
	}
	fputs(foot, stdout);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
