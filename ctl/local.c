/* Commands that need no daemon. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "bus/bus.h"
#include "conf/conf.h"
#include "ctl/ctl.h"

int load_conf(const struct ctl *ctl, struct conf **out)
{
	char what[1024] = "";
	int rc = conf_load(ctl->conf_path, NULL, out, what, sizeof what);

	if (rc != 0 && what[0] == '\0')
		return complain(EXIT_BAD_CONFIG, "%s: %s", ctl->conf_path, bh_strerror(rc));
	return rc == 0 ? EXIT_OK : complain(EXIT_BAD_CONFIG, "%s", what);
}

int run_version(const struct call *call)
{
	if (call->ctl->json)
		printf("[\n{\"version\":\"%s\",\"bus\":\"%d\"}\n]\n", BULKHEAD_VERSION, BUS_VERSION);
	else
		printf("bulkheadctl %s (bus version %d)\n", BULKHEAD_VERSION, BUS_VERSION);
	return EXIT_OK;
}

static void list_commands(void)
{
	puts("usage: bulkheadctl [-d DIR] [-c FILE] [--json] [-q] [--read-only] COMMAND\n");
	for (const struct command *c = commands; c->name != NULL; c++) {
		char usage[64];

		if (c->hidden)
			continue;
		snprintf(usage, sizeof usage, "%s %s", c->name, c->args);
		printf("  %-42s %.*s\n", usage, (int)(strchr(c->help, '.') + 1 - c->help), c->help);
	}
	puts("\nbulkheadctl help COMMAND says more; so does bulkheadctl(8).");
}

/* All commands whose name begins with the words. */
static unsigned explain(const char *words)
{
	size_t len = strlen(words);
	unsigned n = 0;

	for (const struct command *c = commands; c->name != NULL; c++) {
		if (strncmp(c->name, words, len) != 0 || (c->name[len] != '\0' && c->name[len] != ' '))
			continue;
		printf("%susage: bulkheadctl %s%s%s\n%s\n", n++ > 0 ? "\n" : "", c->name,
			*c->args != '\0' ? " " : "", c->args, c->help);
	}
	return n;
}

int run_help(const struct call *call)
{
	char words[256];
	const char *near;

	if (call->argc == 0) {
		list_commands();
		return EXIT_OK;
	}
	snprintf(words, sizeof words, call->argc > 1 ? "%s %s" : "%s", call->argv[0],
		call->argc > 1 ? call->argv[1] : "");
	if (explain(words) > 0)
		return EXIT_OK;
	near = suggest(words);
	if (near == NULL)
		return complain(EXIT_USAGE, "unknown command '%s'", words);
	return complain(EXIT_USAGE, "unknown command '%s'. Did you mean '%s'?", words, near);
}
