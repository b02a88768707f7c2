/* bulkheadctl - the administrator's command line */
#include <getopt.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"

#define DEFAULT_CONF "/etc/bulkhead/bulkhead.conf"
#define USAGE "usage: bulkheadctl [-d DIR] [-c FILE] [--json] [-q] [--read-only] COMMAND; see bulkheadctl help"

/* What getopt_long() gives: a letter, or one of these; OPT_OF_COMMAND and an enum command_option. */
enum { OPT_JSON = 256, OPT_READ_ONLY, OPT_OF_COMMAND = 512 };

static const struct option general[] = {
	{"conf", required_argument, NULL, 'c'},
	{"dir", required_argument, NULL, 'd'},
	{"help", no_argument, NULL, 'h'},
	{"json", no_argument, NULL, OPT_JSON},
	{"quiet", no_argument, NULL, 'q'},
	{"read-only", no_argument, NULL, OPT_READ_ONLY},
	{"version", no_argument, NULL, 'V'},
};
enum { GENERAL = sizeof general / sizeof general[0] };

static void all_options(struct option out[GENERAL + OPTIONS + 1])
{
	memcpy(out, general, sizeof general);
	for (int i = 0; i < OPTIONS; i++)
		out[GENERAL + i] = (struct option){options_info[i].name + 2,
			options_info[i].has_value ? required_argument : no_argument, NULL, OPT_OF_COMMAND + i};
	out[GENERAL + OPTIONS] = (struct option){NULL, 0, NULL, 0};
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
	struct option options[GENERAL + OPTIONS + 1];
	struct ctl ctl = {.conf_path = DEFAULT_CONF};
	char path[PATH_MAX];
	int opt;

	/* Its words are not ours to read. */
	if (argc > 1 && strcmp(argv[1], "complete") == 0)
		return finish(commands_run(&ctl, argc - 1, argv + 1));
	all_options(options);
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
		case OPT_READ_ONLY:
			ctl.read_only = true;
			break;
		case 'h':
			return finish(run_word(&ctl, "help"));
		case 'V':
			return finish(run_word(&ctl, "version"));
		case '?':
			fprintf(stderr, "%s\n", USAGE);
			return EXIT_USAGE;
		default:
			ctl.options |= TAKES(opt - OPT_OF_COMMAND);
			ctl.values[opt - OPT_OF_COMMAND] = optarg;
		}
	}
	return finish(commands_run(&ctl, argc - optind, argv + optind));
}
