/*
 * child - one daemon that the supervisor runs
 */
#ifndef MASTER_CHILD_H
#define MASTER_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct run;

enum child_state { CHILD_IDLE, CHILD_STARTING, CHILD_READY, CHILD_STOPPING, CHILD_GONE };

struct child {
	struct run *run;
	const char *daemon; /* "c2sd" */
	char instance[64];  /* "c2sd@1" */
	enum child_state state;
	uv_process_t process;
	uv_timer_t timer; /* the next start, or the end of patience with a stop */
	uint64_t started_ms;
	uint64_t backoff_ms;
	bool alive;
	bool ready; /* it has said so in this life: from then on it ends by itself when it is told to */
};

void child_init(struct child *c, struct run *run, const char *daemon, const char *instance);
void child_start(struct child *c);
/* SIGTERM; SIGKILL after ten seconds. */
void child_stop(struct child *c);
/* It said READY. */
void child_ready(struct child *c);

#endif
