/* bulkheadctl - the administrator's command line */
#include <getopt.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/ctl.h"

#define DEFAULT_CONF "/etc/bulkhead/bulkhead.conf"
#define USAGE "usage: bulkheadctl [-d DIR] [-c FILE] [--json] [-q] COMMAND; see bulkheadctl help"

/* What getopt_long() gives: a letter, or one of these. */
enum { OPT_JSON = 256, OPT_OF_COMMAND = 512 };

static const struct option options[] = {
	{"accept", no_argument, NULL, OPT_OF_COMMAND | OPTION_ACCEPT},
	{"conf", required_argument, NULL, 'c'},
	{"dir", required_argument, NULL, 'd'},
	{"dry-run", no_argument, NULL, OPT_OF_COMMAND | OPTION_DRY_RUN},
	{"format", required_argument, NULL, OPT_OF_COMMAND | OPTION_FORMAT},
	{"full", no_argument, NULL, OPT_OF_COMMAND | OPTION_FULL},
	{"help", no_argument, NULL, 'h'},
	{"json", no_argument, NULL, OPT_JSON},
	{"out", required_argument, NULL, OPT_OF_COMMAND | OPTION_OUT},
	{"password-stdin", no_argument, NULL, OPT_OF_COMMAND | OPTION_PASSWORD_STDIN},
	{"quiet", no_argument, NULL, 'q'},
	{"report", required_argument, NULL, OPT_OF_COMMAND | OPTION_REPORT},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

/* value: NULL where it has none. */
static void take_option(struct ctl *ctl, unsigned option, const char *value)
{
	ctl->options |= option;
	if (option == OPTION_OUT)
		ctl->out = value;
	else if (option == OPTION_FORMAT)
		ctl->format = value;
	else if (option == OPTION_REPORT)
		ctl->report = value;
}

static int run_word(const struct ctl *ctl, const char *word)
{
	char *argv[] = {(char *)(uintptr_t)word, NULL};

	return commands_run(ctl, 1, argv);
}

/* The exit code, when all that was said is where it should be. */
static int finish(int code)
{
	if (code != EXIT_OK || (fflush(stdout) == 0 && !ferror(stdout)))
		return code;
	return complain(EXIT_FAILED, "standard output cannot be written");
}

int main(int argc, char **argv)
{
	struct ctl ctl = {.conf_path = DEFAULT_CONF};
	char path[PATH_MAX];
	int opt;

	while ((opt = getopt_long(argc, argv, "c:d:hqV", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			ctl.conf_path = optarg;
			break;
		case 'd':
			snprintf(path, sizeof path, "%s/bulkhead.conf", optarg);
			ctl.conf_path = path;
			break;
		case 'q':
			ctl.quiet = true;
			break;
		case OPT_JSON:
			ctl.json = true;
			complain_as_json();
			break;
		case 'h':
			return finish(run_word(&ctl, "help"));
		case 'V':
			return finish(run_word(&ctl, "version"));
		case '?':
			fprintf(stderr, "%s\n", USAGE);
			return EXIT_USAGE;
		default:
			take_option(&ctl, (unsigned)opt & ~(unsigned)OPT_OF_COMMAND, optarg);
		}
	}
	return finish(commands_run(&ctl, argc - optind, argv + optind));
}
