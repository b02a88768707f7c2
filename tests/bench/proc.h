/*
 * proc - what the server's processes have used
 */
#ifndef BENCH_PROC_H
#define BENCH_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PROC_MAX = 64 };

struct proc_set {
	pid_t pids[PROC_MAX];
	size_t count;
};

/* "12,34,56".  0 or BH_EINVAL. */
int proc_parse(const char *text, struct proc_set *set);

/* User and system time of all threads of all of them since they began, in seconds; a process
 * that is no more is named on standard error and *lost set. */
double proc_cpu(const struct proc_set *set, bool *lost);

/* The memory of all of them, each page divided among those who share it, in KiB; where the
 * kernel does not say, the resident size (then *resident is set). */
double proc_pss(const struct proc_set *set, bool *resident);

/* Our own user and system time in seconds. */
double proc_own_cpu(void);

#endif
