/* The command line of a daemon. */
#include <stdio.h>
#include <unistd.h>

#include "base/exits.h"
#include "daemon/private.h"

static void help(const struct daemon_spec *spec, FILE *out)
{
	fprintf(out,
		"bulkhead-%s - %s\n"
		"usage: bulkhead-%s [-c FILE] [-i NAME] [-hPV]\n"
		"  -c FILE  the configuration (default /etc/bulkhead/bulkhead.conf)\n"
		"  -i NAME  the instance, such as %s@2 (default %s)\n"
		"  -P       print what it may do once it is confined\n"
		"  -V       the version\n",
		spec->name, spec->job, spec->name, spec->name, spec->name);
}

int arguments_parse(const struct daemon_spec *spec, int argc, char **argv, struct arguments *out)
{
	int c;

	*out = (struct arguments){"/etc/bulkhead/bulkhead.conf", spec->name};
	while ((c = getopt(argc, argv, "c:i:hPV")) != -1) {
		switch (c) {
		case 'c':
			out->config = optarg;
			break;
		case 'i':
			out->instance = optarg;
			break;
		case 'P':
			profile_print(spec);
			return EXIT_OK + 1;
		case 'V':
			printf("bulkhead-%s %s\n", spec->name, BULKHEAD_VERSION);
			return EXIT_OK + 1;
		case 'h':
			help(spec, stdout);
			return EXIT_OK + 1;
		default:
			help(spec, stderr);
			return EXIT_USAGE + 1;
		}
	}
	return optind == argc ? 0 : EXIT_USAGE + 1;
}
