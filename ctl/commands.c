/* The commands, and how words become one. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/clean.h"
#include "ctl/ctl.h"
#include "ctl/result.h"

const struct command commands[] = {
	{"status", "", 0, 0, "Shows the daemons that are running.", run_verb, "status", 0},
	{"user add", "JID [--password-stdin]", 1, 1,
		"Makes an account.  The password is asked for twice, or read from the first line of\n"
		"standard input.",
		run_user_put, NULL, OPTION_PASSWORD_STDIN},
	{"user passwd", "JID [--password-stdin]", 1, 1,
		"Gives an account a new password.  Its sessions end.", run_user_put, NULL, OPTION_PASSWORD_STDIN},
	{"user del", "JID", 1, 1, "Deletes an account.  Its sessions end.", run_verb, "user.delete", 0},
	{"user purge", "JID", 1, 1,
		"Deletes an account and every trace of it.  It goes out of the rosters of others too, and so does what it\n"
		"has sent and nobody has got.  Shows what there was.",
		run_verb, "user.purge", 0},
	{"user list", "[DOMAIN]", 0, 1, "Lists the accounts.", run_verb, "user.list", 0},
	{"user import", "FILE", 1, 1,
		"Makes many accounts, or changes their passwords.  A line of the file is a JID, a tab\n"
		"and a password; the file - is standard input.",
		run_user_import, NULL, 0},
	{"export", "[JID | DOMAIN] [--out FILE]", 0, 1,
		"Writes accounts and what they have (XEP-0227).  All, those of a domain, or one.  Keys of passwords are in it\n"
		"where authd.export_keys allows that.",
		run_export, NULL, OPTION_OUT},
	{"import", "FILE | DIR [--format NAME] [--dry-run] [--report FILE]", 1, 1,
		"Takes accounts from another server.  From a file of XEP-0227, a folder of them as ejabberd's export_piefxis\n"
		"writes it, or prosody's data directory (NAME: xep0227, ejabberd, prosody); the file - is standard input.\n"
		"May be repeated.  --dry-run changes nothing; --report writes what became of each account.",
		run_import, NULL, OPTION_FORMAT | OPTION_DRY_RUN | OPTION_REPORT},
	{"session list", "[JID]", 0, 1, "Lists the sessions: all, or those of an account.",
		run_verb, "session.list", 0},
	{"session kill", "JID[/RESOURCE]", 1, 1, "Ends a session, or all of an account.", run_verb,
		"session.kill", 0},
	{"stats", "[INSTANCE]", 0, 1, "Shows the counters of a daemon; of routerd without a name.",
		run_verb, "stats", 0},
	{"log level", "INSTANCE LEVEL", 2, 2,
		"Lets a daemon write more or less: error, warn, info or debug.", run_verb,
		"log.level", 0},
	{"restart", "INSTANCE", 1, 1,
		"Ends a daemon in order, and it is started again: \"routerd\", \"authd\", \"c2sd@1\".  No\n"
		"message is lost; clients of a c2sd resume their sessions where they can.",
		run_verb, "restart", 0},
	{"drain", "INSTANCE", 1, 1,
		"Lets a c2sd or s2sd take no new connections.  Clients that can resume their sessions\n"
		"elsewhere are sent on; the others are served until it is restarted.  What goes to remote\n"
		"domains goes by another s2sd.",
		run_verb, "drain", 0},
	{"s2s list", "", 0, 0, "Lists the streams from and to remote servers.", run_verb, "s2s.list", 0},
	{"s2s show", "DOMAIN", 1, 1, "Shows all that is known of the streams with a remote domain.", run_verb,
		"s2s.show", 0},
	{"s2s close", "DOMAIN", 1, 1,
		"Closes the streams with a remote domain, and forgets that it could not be reached.", run_verb,
		"s2s.close", 0},
	{"s2s test", "DOMAIN [OUR-DOMAIN]", 1, 2,
		"Connects to a remote domain, shows each step with its time, and says what is wrong.", run_verb,
		"s2s.test", 0},
	{"s2s allow", "DOMAIN", 1, 1,
		"Talks to a remote domain, and all below it, whatever the configuration says.", run_verb,
		"s2s.allow", 0},
	{"s2s deny", "DOMAIN", 1, 1,
		"Talks to a remote domain, and all below it, no more; streams with it end.", run_verb, "s2s.deny", 0},
	{"s2s rules", "", 0, 0, "Lists which remote domains are allowed, and which are denied.", run_verb,
		"s2s.rules", 0},
	{"ldap status", "", 0, 0, "Shows the directories: which server answers, how many entries, how far behind.",
		run_verb, "ldap.status", 0},
	{"ldap test", "JID", 1, 1, "Looks an account up in its directory, and shows each step with its time.", run_verb,
		"ldap.test", 0},
	{"ldap explain", "JID", 1, 1,
		"Says what is asked of the directory for an account, what it answers, and why the account is one or is\n"
		"none.",
		run_verb, "ldap.explain", 0},
	{"ldap diff", "[DIRECTORY]", 0, 1,
		"Shows where what we know of a directory is not what it says, and which accounts are held by the brake.",
		run_verb, "ldap.diff", 0},
	{"ldap sync", "[DIRECTORY] [--accept | --full]", 0, 1,
		"Reads the directories at once; --full, everything.  --accept goes on when so many accounts vanished that\n"
		"nothing was done about it (directory.brake).",
		run_verb, "ldap.sync", OPTION_ACCEPT | OPTION_FULL},
	{"check config", "", 0, 0, "Checks the configuration file.", run_check_config, NULL, 0},
	{"check ldap", "[DIRECTORY]", 0, 1,
		"Tries the directories of the configuration, each server and setting, and says what to change.  No daemon\n"
		"need be running.",
		run_check_ldap, NULL, 0},
	{"version", "", 0, 0, "Shows the version.", run_version, NULL, 0},
	{"help", "[COMMAND]", 0, 2, "Explains a command.", run_help, NULL, 0},
	{NULL, NULL, 0, 0, NULL, NULL, NULL, 0},
};

static const struct {
	enum command_option option;
	const char *name;
} options[] = {
	{OPTION_PASSWORD_STDIN, "--password-stdin"},
	{OPTION_ACCEPT, "--accept"},
	{OPTION_FULL, "--full"},
	{OPTION_OUT, "--out"},
	{OPTION_FORMAT, "--format"},
	{OPTION_DRY_RUN, "--dry-run"},
	{OPTION_REPORT, "--report"},
};

const char *option_name(enum command_option option)
{
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (options[i].option == option)
			return options[i].name;
	return "";
}

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

/* The first option that is given and not the command's; 0 where there is none. */
static unsigned foreign_option(const struct call *call)
{
	unsigned foreign = call->ctl->options & ~call->command->options;

	return foreign & -foreign;
}

static int run(const struct call *call)
{
	const struct command *c = call->command;
	unsigned foreign = foreign_option(call);

	if (call->argc < c->least || call->argc > c->most)
		return complain(EXIT_USAGE, "too %s arguments; usage: bulkheadctl %s%s%s",
			call->argc < c->least ? "few" : "many", c->name, *c->args != '\0' ? " " : "",
			c->args);
	if (foreign != 0)
		return complain(EXIT_USAGE, "'%s' takes no %s", c->name, option_name(foreign));
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
