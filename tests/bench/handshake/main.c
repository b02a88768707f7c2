/* handshakes - how many full TLS handshakes a second a front end does, with keyd and with a key of its own, by turns */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exits.h"
#include "tests/bench/handshake/front.h"
#include "tests/bench/handshake/load.h"

enum { LOCAL, KEYD, WAYS };

struct options {
	struct front_spec front;
	const char *label;
	int keyd; /* its process, for what it costs */
	double seconds;
	unsigned rounds, at_a_time;
};

static int usage(void)
{
	fprintf(stderr, "usage: handshakes --run-dir DIR --keyd PID --certificate FILE --key FILE --domain NAME "
		"[--label TEXT] [--seconds S] [--rounds N] [--inflight N]\n");
	return EXIT_USAGE;
}

static bool parse(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{"run-dir", required_argument, NULL, 'r'}, {"keyd", required_argument, NULL, 'p'},
		{"certificate", required_argument, NULL, 'c'}, {"key", required_argument, NULL, 'k'},
		{"domain", required_argument, NULL, 'd'}, {"label", required_argument, NULL, 'l'},
		{"seconds", required_argument, NULL, 's'}, {"rounds", required_argument, NULL, 'n'},
		{"inflight", required_argument, NULL, 'i'}, {NULL, 0, NULL, 0},
	};
	const char *text[128] = {['s'] = "2", ['n'] = "5", ['i'] = "32", ['l'] = "handshakes", ['p'] = "0"};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == '?')
			return false;
		text[c] = optarg;
	}
	*o = (struct options){.front = {.certificate = text['c'], .key = text['k'], .domain = text['d'],
				      .run_dir = text['r']},
		.label = text['l'], .keyd = atoi(text['p']), .seconds = atof(text['s']),
		.rounds = (unsigned)atoi(text['n']), .at_a_time = (unsigned)atoi(text['i'])};
	return text['c'] != NULL && text['k'] != NULL && text['d'] != NULL && text['r'] != NULL && optind == argc;
}

/* User and system time of a process so far, in seconds. */
static double cpu_of(int pid)
{
	char path[64], text[1024];
	unsigned long user = 0, system = 0;
	FILE *f;
	size_t n = 0;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (f != NULL) {
		n = fread(text, 1, sizeof text - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	if (n == 0 || sscanf(strrchr(text, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
			      &system) != 2)
		return 0;
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

struct result {
	long done;
	double front_cpu, keyd_cpu;
};

static bool measure(const struct options *o, const struct front *front, double seconds, struct result *r)
{
	double before = cpu_of(front->pid), keyd = cpu_of(o->keyd);
	long done = load_run(front->port, o->front.domain, o->at_a_time, seconds);

	r->done += done;
	r->front_cpu += cpu_of(front->pid) - before;
	r->keyd_cpu += cpu_of(o->keyd) - keyd;
	return done > 0;
}

static void report(const struct options *o, const struct result r[WAYS])
{
	double seconds = o->seconds * o->rounds;
	double local = (double)r[LOCAL].done / seconds, keyd = (double)r[KEYD].done / seconds;
	double front[WAYS], key = r[KEYD].keyd_cpu * 1e6 / (double)r[KEYD].done;

	for (int i = 0; i < WAYS; i++)
		front[i] = r[i].front_cpu * 1e6 / (double)r[i].done;
	printf("%-10s handshakes: %.0f/s with keyd (%.0f us in the front end, %.0f us in keyd), %.0f/s with a key "
	       "of its own (%.0f us): %.0f %%\n",
		o->label, keyd, front[KEYD], key, local, front[LOCAL], keyd / local * 100);
	printf("JSON {\"mode\":\"handshake\",\"label\":\"%s\",\"inflight\":%u,\"seconds\":%.1f,\"keyd_per_s\":%.1f,"
	       "\"local_per_s\":%.1f,\"percent\":%.1f,\"front_us\":%.1f,\"keyd_us\":%.1f,\"local_us\":%.1f}\n",
		o->label, o->at_a_time, seconds, keyd, local, keyd / local * 100, front[KEYD], key, front[LOCAL]);
}

int main(int argc, char **argv)
{
	struct options o;
	struct result r[WAYS] = {{0}}, warm = {0};
	struct front fronts[WAYS];
	struct front_spec local;
	bool good = true;

	if (!parse(&o, argc, argv))
		return usage();
	local = o.front;
	local.run_dir = NULL;
	if (front_start(&local, &fronts[LOCAL]) != 0 || front_start(&o.front, &fronts[KEYD]) != 0)
		return EXIT_FAILED;
	for (int i = 0; i < WAYS; i++)
		good = good && measure(&o, &fronts[i], 0.5, &warm);
	for (unsigned round = 0; good && round < o.rounds; round++)
		for (int i = 0; i < WAYS; i++)
			good = good && measure(&o, &fronts[i], o.seconds, &r[i]);
	if (good)
		report(&o, r);
	for (int i = 0; i < WAYS; i++)
		front_stop(&fronts[i]);
	return good ? EXIT_OK : EXIT_FAILED;
}
