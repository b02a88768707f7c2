/*
 * front - a server that does TLS and nothing else, by lib/net, in a process of its own
 *
 * Its signatures come from keyd, as c2sd's do, or from a key in the process, behind the same interface.
 */
#ifndef BENCH_FRONT_H
#define BENCH_FRONT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct front_spec {
	const char *certificate, *key, *domain;
	const char *run_dir; /* where keyd is; NULL: the key is here */
};

struct front {
	pid_t pid;
	uint16_t port;
};

/* Starts it; as root it becomes the user of c2sd.  It serves until front_stop().  0, or negative after a line on
 * standard error. */
int front_start(const struct front_spec *spec, struct front *out);
void front_stop(struct front *front);

#endif
