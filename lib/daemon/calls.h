/*
 * calls - the system calls of confined processes, in groups by what they are for
 *
 * A group is a bit of enum sandbox_may (daemon.h), and the first what every daemon does.  The
 * tables are both what seccomp is told (sandbox.c) and what is printed (profile.c).
 */
#ifndef BH_DAEMON_CALLS_H
#define BH_DAEMON_CALLS_H

#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>

enum { CALL_TESTS_MAX = 3 };

/* Allowed where all its tests of arguments hold; everything else ends the process. */
struct call {
	int number; /* SCMP_SYS() */
	struct scmp_arg_cmp tests[CALL_TESTS_MAX];
	unsigned ntests;
	bool on_self;	  /* the first argument is our own process id, besides */
	int refused_with; /* not allowed, but answered by this error: a library does without */
	const char *text; /* the tests, as they are written in C; NULL: none */
};

struct call_group {
	unsigned may; /* its bit; 0: of every daemon */
	const char *name;
	const struct call *calls;
	size_t ncalls;
};

enum { CALLS_OF_ALL = 0 }; /* the first group */

extern const struct call_group call_groups[];
extern const size_t ncall_groups;

#endif
