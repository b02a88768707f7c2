/*
 * run - the suite in the foreground: which daemons, in what order
 */
#ifndef MASTER_RUN_H
#define MASTER_RUN_H

#include <limits.h>
#include <uv.h>

#include "conf/conf.h"
#include "master/child.h"

enum { CHILDREN_MAX = 96 };

struct run {
	uv_loop_t loop;
	char config[PATH_MAX];
	char programs[PATH_MAX]; /* the folder of the daemons */
	char notify[108];	 /* the socket where they say READY; "@..." is abstract */
	struct conf *conf;
	struct child children[CHILDREN_MAX];
	unsigned nchildren;
	uv_poll_t readiness;
	int notify_fd;
	uv_signal_t term, interrupt, hangup;
	bool stopping;
	bool announced; /* "bulkhead: ready" was said */
	int exit_code;
};

/* A child has come up, or has gone: the next step, of start or of stop. */
void run_child_ready(struct run *r);
void run_child_gone(struct run *r, struct child *c, int status, int signal);

#endif
