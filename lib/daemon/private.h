/*
 * private - the steps of daemon_main(), in the order in which it takes them
 */
#ifndef BH_DAEMON_PRIVATE_H
#define BH_DAEMON_PRIVATE_H

#include "daemon/daemon.h"

struct arguments {
	const char *config;
	const char *instance;
};

/* 0 to go on; otherwise the exit code plus one (help and version: 1). */
int arguments_parse(const struct daemon_spec *spec, int argc, char **argv, struct arguments *out);

/* Makes the runtime directory and this daemon's state directory.  0 or BH_ECONFIG after
 * daemon_fail(). */
int directories_make(struct daemon *d);

/* Becomes the daemon's user when root; no privileges come back, no core is dumped. */
int privileges_drop(struct daemon *d);

/* Landlock and seccomp.  0 or BH_EDENIED after daemon_fail(). */
int sandbox_enter(struct daemon *d);
/* The two halves, for a test. */
int sandbox_files(struct daemon *d);
/* It talks to directories, and there are some. */
bool sandbox_has_directories(const struct daemon *d);
/* directories: TCP, whatever the rules say, and what libldap asks besides. */
int sandbox_calls(const struct sandbox *rules, bool directories);

/* Enrols the counters that every daemon has. */
void process_enrol(void);

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

#endif
