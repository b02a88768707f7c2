/*
 * private - the steps of daemon_main(), in the order in which it takes them
 */
#ifndef BH_DAEMON_PRIVATE_H
#define BH_DAEMON_PRIVATE_H

#include "bus/link.h"
#include "daemon/daemon.h"
#include "daemon/log.h"

struct arguments {
	const char *config;
	const char *instance;
};

/* A configuration that was read and not yet adopted. */
struct fresh {
	struct conf *conf; /* NULL: there is none */
	void *prepared;
	bool restart; /* only a new process can take it */
};

/* What the skeleton keeps beside the daemon's own. */
struct life {
	struct daemon daemon;
	struct arguments args;
	struct conf *begun; /* what it began with, beside daemon.conf: what needs a restart is still that */
	struct fresh fresh;
	char why[1024]; /* what daemon_fail() said last */
	uv_loop_t loop;
	uv_signal_t term, interrupt, hangup;
	uv_timer_t again; /* to daemon_restart() */
	bool stopping;
};

/* Whose link it is. */
static inline struct daemon *daemon_of(const struct bus_event *event)
{
	return link_loop(event->link)->data;
}

/* It runs on that from now on. */
void take_configuration(struct daemon *d, struct conf *conf);
/* After daemon_fail(). */
int load_configuration(struct life *life, struct conf **out);
enum log_level configured_level(const struct conf *conf);
/* SIGHUP: a reload of all, or where nobody does that, of this daemon; nothing while it stops. */
void reload_asked(struct life *life);

/* 0 to go on; otherwise the exit code plus one (help and version: 1). */
int arguments_parse(const struct daemon_spec *spec, int argc, char **argv, struct arguments *out);

/* Makes the runtime directory and this daemon's state directory.  0, or BH_ECONFIG or -errno after daemon_fail(). */
int directories_make(struct daemon *d);

/* Keeps all memory out of swap space, for who wants that.  Before its secrets are read, and privileged: root may lock as
 * much as there is. */
void memory_keep(struct daemon *d);

/* Becomes the daemon's user when root; no privileges come back, no core is dumped. */
int privileges_drop(struct daemon *d);

/* Landlock and seccomp.  0 or BH_EDENIED after daemon_fail(). */
int sandbox_enter(struct daemon *d);
/* The two halves, for a test. */
int sandbox_files(struct daemon *d);
/* What may be read besides, where there are directories, and where there is Kerberos; each ends with NULL. */
extern const char *const sandbox_directory_reads[], *const sandbox_kerberos_reads[];
/* may: bits of enum sandbox_may. */
int sandbox_calls(const struct sandbox *rules, unsigned may);
/* What this one may do, with this configuration. */
unsigned sandbox_may(const struct daemon *d);
/* It talks to directories, and there are some. */
bool sandbox_has_directories(const struct daemon *d);

/* Prints what a daemon may do, for -P. */
void profile_print(const struct daemon_spec *spec);

/* Connects to whoever waits for readiness. */
void notify_open(void);

/* Enrols the counters that every daemon has. */
void process_enrol(void);

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

#endif
