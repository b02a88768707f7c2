/* The commands, and how words become one. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/clean.h"
#include "ctl/ctl.h"
#include "ctl/result.h"

const struct command commands[] = {
	{"status", "", 0, 0, "Shows the daemons that are running.", run_verb, "status"},
	{"user add", "JID [--password-stdin]", 1, 1,
		"Makes an account.  The password is asked for twice, or read from the first line of\n"
		"standard input.",
		run_user_put, NULL},
	{"user passwd", "JID [--password-stdin]", 1, 1,
		"Gives an account a new password.  Its sessions end.", run_user_put, NULL},
	{"user del", "JID", 1, 1, "Deletes an account.  Its sessions end.", run_verb, "user.delete"},
	{"user list", "[DOMAIN]", 0, 1, "Lists the accounts.", run_verb, "user.list"},
	{"user import", "FILE", 1, 1,
		"Makes many accounts, or changes their passwords.  A line of the file is a JID, a tab\n"
		"and a password; the file - is standard input.",
		run_user_import, NULL},
	{"session list", "[JID]", 0, 1, "Lists the sessions: all, or those of an account.",
		run_verb, "session.list"},
	{"session kill", "JID[/RESOURCE]", 1, 1, "Ends a session, or all of an account.", run_verb,
		"session.kill"},
	{"stats", "[INSTANCE]", 0, 1, "Shows the counters of a daemon; of routerd without a name.",
		run_verb, "stats"},
	{"log level", "INSTANCE LEVEL", 2, 2,
		"Lets a daemon write more or less: error, warn, info or debug.", run_verb,
		"log.level"},
	{"restart", "INSTANCE", 1, 1,
		"Ends a daemon in order, and it is started again: \"routerd\", \"authd\", \"c2sd@1\".  No\n"
		"message is lost; clients of a c2sd resume their sessions where they can.",
		run_verb, "restart"},
	{"drain", "INSTANCE", 1, 1,
		"Lets a c2sd or s2sd take no new connections.  Clients that can resume their sessions\n"
		"elsewhere are sent on; the others are served until it is restarted.  What goes to remote\n"
		"domains goes by another s2sd.",
		run_verb, "drain"},
	{"s2s list", "", 0, 0, "Lists the streams from and to remote servers.", run_verb, "s2s.list"},
	{"s2s show", "DOMAIN", 1, 1, "Shows all that is known of the streams with a remote domain.", run_verb,
		"s2s.show"},
	{"s2s close", "DOMAIN", 1, 1,
		"Closes the streams with a remote domain, and forgets that it could not be reached.", run_verb,
		"s2s.close"},
	{"s2s test", "DOMAIN [OUR-DOMAIN]", 1, 2,
		"Connects to a remote domain, shows each step with its time, and says what is wrong.", run_verb,
		"s2s.test"},
	{"s2s allow", "DOMAIN", 1, 1,
		"Talks to a remote domain, and all below it, whatever the configuration says.", run_verb,
		"s2s.allow"},
	{"s2s deny", "DOMAIN", 1, 1,
		"Talks to a remote domain, and all below it, no more; streams with it end.", run_verb, "s2s.deny"},
	{"s2s rules", "", 0, 0, "Lists which remote domains are allowed, and which are denied.", run_verb,
		"s2s.rules"},
	{"check config", "", 0, 0, "Checks the configuration file.", run_check_config, NULL},
	{"version", "", 0, 0, "Shows the version.", run_version, NULL},
	{"help", "[COMMAND]", 0, 2, "Explains a command.", run_help, NULL},
	{NULL, NULL, 0, 0, NULL, NULL, NULL},
};

static bool as_json;

void complain_as_json(void)
{
	as_json = true;
}

int complain(int code, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
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

static int run(const struct call *call)
{
	const struct command *c = call->command;

	if (call->argc < c->least || call->argc > c->most)
		return complain(EXIT_USAGE, "too %s arguments; usage: bulkheadctl %s%s%s",
			call->argc < c->least ? "few" : "many", c->name, *c->args != '\0' ? " " : "",
			c->args);
	if (call->ctl->password_stdin && c->run != run_user_put)
		return complain(EXIT_USAGE, "'%s' takes no --password-stdin", c->name);
	return c->run(call);
}

int commands_run(const struct ctl *ctl, int argc, char **argv)
{
	struct call call = {.ctl = ctl};

	if (argc < 1)
		return complain(EXIT_USAGE, "a command is missing; see bulkheadctl help");
	for (const struct command *c = commands; c->name != NULL; c++) {
		int words = words_of(c->name, argc, argv);

		if (words == 0)
			continue;
		call.command = c;
		call.argc = argc - words;
		call.argv = argv + words;
		return run(&call);
	}
	return unknown(argc, argv);
}
