/* How words become a command, and complaints. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/clean.h"
#include "ctl/ctl.h"
#include "ctl/result.h"

static bool as_json, silent;

void complain_as_json(void)
{
	as_json = true;
}

void complain_silently(bool silently)
{
	silent = silently;
}

int complain(int code, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (silent)
		return code;
	if (as_json) {
		json_outcome(stderr, code, text);
		return code;
	}
	fputs("Error: ", stderr);
	clean_put(stderr, str_of(text));
	fputc('\n', stderr);
	return code;
}

void tell(const struct ctl *ctl, const char *text)
{
	if (ctl->json)
		json_outcome(stdout, EXIT_OK, text);
	if (ctl->json || ctl->quiet || *text == '\0')
		return;
	clean_put(stdout, str_of(text));
	putchar('\n');
}

/* How many words the command's name takes of argv; 0: it is another command. */
static int words_of(const char *name, int argc, char **argv)
{
	size_t first = strcspn(name, " ");

	if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], name, first) != 0)
		return 0;
	if (name[first] == '\0')
		return 1;
	return argc > 1 && strcmp(argv[1], name + first + 1) == 0 ? 2 : 0;
}

static bool begins_some(const char *word)
{
	size_t len = strlen(word);

	for (const struct command *c = commands; c->name != NULL; c++)
		if (strncmp(c->name, word, len) == 0 && c->name[len] == ' ')
			return true;
	return false;
}

/* Both readings are tried: the first two words, and the first alone with an argument. */
static int unknown(int argc, char **argv)
{
	const char *near = NULL;
	char words[256];

	if (argc == 1 && begins_some(argv[0]))
		return complain(EXIT_USAGE, "'%s' alone is no command; see bulkheadctl help %s",
			argv[0], argv[0]);
	if (argc > 1) {
		snprintf(words, sizeof words, "%s %s", argv[0], argv[1]);
		near = suggest(words);
	}
	if (near == NULL && !begins_some(argv[0])) {
		snprintf(words, sizeof words, "%s", argv[0]);
		near = suggest(words);
	}
	if (near == NULL)
		return complain(EXIT_USAGE, "unknown command '%s'; see bulkheadctl help", words);
	return complain(EXIT_USAGE, "unknown command '%s'. Did you mean '%s'?", words, near);
}

/* The first option that is given and not the command's; OPTIONS where there is none. */
static unsigned foreign_option(const struct call *call)
{
	unsigned foreign = call->ctl->options & ~call->command->options;
	unsigned i = 0;

	while (i < OPTIONS && (foreign & TAKES(i)) == 0)
		i++;
	return i;
}

static int run(const struct call *call)
{
	const struct command *c = call->command;
	unsigned foreign = foreign_option(call);

	if (call->argc < c->least || call->argc > c->most)
		return complain(EXIT_USAGE, "too %s arguments; usage: bulkheadctl %s%s%s",
			call->argc < c->least ? "few" : "many", c->name, *c->args != '\0' ? " " : "",
			c->args);
	if (foreign != OPTIONS)
		return complain(EXIT_USAGE, "'%s' takes no %s", c->name, options_info[foreign].name);
	return c->run(call);
}

const struct command *command_find(int argc, char **argv, int *words)
{
	for (const struct command *c = commands; c->name != NULL; c++) {
		*words = words_of(c->name, argc, argv);
		if (*words > 0)
			return c;
	}
	return NULL;
}

int commands_run(const struct ctl *ctl, int argc, char **argv)
{
	struct call call = {.ctl = ctl};
	int words;

	if (argc < 1)
		return complain(EXIT_USAGE, "a command is missing; see bulkheadctl help");
	call.command = command_find(argc, argv, &words);
	if (call.command == NULL)
		return unknown(argc, argv);
	call.argc = argc - words;
	call.argv = argv + words;
	return run(&call);
}
