/* Processor time and memory of processes, from /proc. */
#include "tests/bench/proc.h"

#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int proc_parse(const char *text, struct proc_set *set)
{
	char *end;

	for (set->count = 0; set->count < PROC_MAX; text = end + 1) {
		long pid = strtol(text, &end, 10);

		if (pid <= 0 || end == text)
			return BH_EINVAL;
		set->pids[set->count++] = (pid_t)pid;
		if (*end == '\0')
			return 0;
		if (*end != ',')
			return BH_EINVAL;
	}
	return BH_EINVAL;
}

static FILE *open_proc(pid_t pid, const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return fopen(path, "re");
}

/* Clock ticks of one process, or -1. */
static double ticks(pid_t pid)
{
	char line[1024];
	unsigned long user, system;
	const char *after_name;
	FILE *f = open_proc(pid, "stat");
	size_t n;

	if (f == NULL)
		return -1;
	n = fread(line, 1, sizeof(line) - 1, f);
	fclose(f);
	line[n] = '\0';
	after_name = strrchr(line, ')');
	if (after_name == NULL ||
		sscanf(after_name + 1, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu", &user,
			&system) != 2)
		return -1;
	return (double)user + (double)system;
}

double proc_cpu(const struct proc_set *set, bool *lost)
{
	double sum = 0;

	for (size_t i = 0; i < set->count; i++) {
		double one = ticks(set->pids[i]);

		if (one < 0) {
			fprintf(stderr, "xmppload: server process %d is gone\n", (int)set->pids[i]);
			*lost = true;
		} else {
			sum += one;
		}
	}
	return sum / (double)sysconf(_SC_CLK_TCK);
}

/* The number after the label in one file of a process, or -1. */
static double labelled(pid_t pid, const char *file, const char *label)
{
	char line[256];
	double value = -1;
	FILE *f = open_proc(pid, file);

	if (f == NULL)
		return -1;
	while (value < 0 && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, label, strlen(label)) == 0)
			value = strtod(line + strlen(label), NULL);
	}
	fclose(f);
	return value;
}

double proc_pss(const struct proc_set *set, bool *resident)
{
	double sum = 0;

	for (size_t i = 0; i < set->count; i++) {
		double one = labelled(set->pids[i], "smaps_rollup", "Pss:");

		if (one < 0) {
			*resident = true;
			one = labelled(set->pids[i], "status", "VmRSS:");
		}
		sum += one > 0 ? one : 0;
	}
	return sum;
}

double proc_own_cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
		(double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}
