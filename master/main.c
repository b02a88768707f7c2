/* bulkhead - makes an instance of the suite, and runs it where there is no systemd */
#include <stdio.h>
#include <string.h>

#include "base/exits.h"
#include "master/master.h"

static int help(int argc, char **argv);

static int version(int argc, char **argv)
{
	(void)argc, (void)argv;
	printf("bulkhead %s\n", BULKHEAD_VERSION);
	return EXIT_OK;
}


static const struct {
	const char *name, *usage, *about;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"init", "init DIR [--domain NAME]... [--c2s ADDR:PORT] [--c2s-tls ADDR:PORT] [--instances N]",
		"make a self-contained instance in DIR; what is there already is kept", master_init},
	{"run", "run DIR | run -c FILE [--bin DIR]",
		"run every daemon in the foreground until SIGTERM or SIGINT", master_run},
	{"version", "version", "print the version", version},
	{"help", "help", "print this", help},
};

static int help(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		printf("bulkhead %s\n    %s\n", commands[i].usage, commands[i].about);
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (argc > 1)
		fprintf(stderr, "bulkhead: unknown command '%s'\n", argv[1]);
	help(argc, argv);
	return EXIT_USAGE;
}
