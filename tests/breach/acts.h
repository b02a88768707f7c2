/*
 * acts - what a taken-over daemon might try, each as a function
 *
 * An act returns 0 or more when the kernel let it happen, and -1 with errno when it did not; or it
 * does not return.  It undoes what it has done where it can, and allocates nothing: it runs in a
 * signal's handler.
 */
#ifndef BREACH_ACTS_H
#define BREACH_ACTS_H

#include <stddef.h>

struct act {
	const char *name;
	int (*run)(const char *arg);
};

/* Each ends with a NULL name. */
extern const struct act acts_files[], acts_calls[], acts_sockets[];

const struct act *act_find(const char *name);

#endif
