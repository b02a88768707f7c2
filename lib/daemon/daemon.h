/*
 * daemon - the skeleton of every daemon's main()
 *
 * daemon_main() is one checklist in one order for all: arguments, configuration, log, loop,
 * `open` (privileged: sockets, keys, directories), drop of user and capabilities, sandbox, `start`
 * (confined), sd_notify READY, run, `stop`, and everything closed in reverse.
 *
 * Signals: SIGTERM and SIGINT stop orderly, SIGHUP reloads, SIGPIPE is ignored.
 * Exit codes: exits.h; a start that fails says in one line what, where and what to do, exits with
 * 78, and leaves nothing behind.
 *
 * Arguments: -c FILE the configuration (default /etc/bulkhead/bulkhead.conf), -i NAME the
 * instance ("c2sd@2"; default the daemon's name), -V version, -h help.
 */
#ifndef BH_DAEMON_H
#define BH_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "conf/conf.h"

struct daemon;

/* What the confined process may do: data, shown as tables beside each daemon's main.c. */
struct sandbox {
	const int *syscalls;		/* beyond the common set of sandbox.c; ends with -1 */
	const char *const *read_paths;	/* settings' names or absolute paths; ends with NULL */
	const char *const *write_paths; /* the same: directories that it may write under */
	bool inet;			/* may make TCP sockets (never true for routerd) */
	bool connects;			/* and connect them to others */
	bool asks_inet;			/* has a library that asks for one, and does without */
	bool directories;		/* both where the configuration has directories (LDAP), else not */
	const char *keytab;		/* a setting: where it has a value, takes Kerberos' tickets */
	const char *group;		/* keeps this one besides its own: "bulkhead-tls"; NULL: none */
};

struct daemon_spec {
	const char *name; /* "c2sd" */
	const char *job;  /* one sentence, for --help */
	const struct sandbox *sandbox;
	/* Privileged.  On failure it has told daemon_fail() why, and returns negative. */
	int (*open)(struct daemon *d);
	/* Confined.  0 or negative, after daemon_fail(). */
	int (*start)(struct daemon *d);
	/* It is ready later than its start, and says so by daemon_ready(). */
	bool ready_later;
	/* The new configuration, checked already, is in d->conf and the old in `old` until this
	 * returns.  On failure nothing has changed, and the skeleton keeps the old one. */
	int (*reload)(struct daemon *d, const struct conf *old);
	/* An orderly end begins.  Calls daemon_stopped() when all its handles are closed. */
	void (*stop)(struct daemon *d);
};

struct daemon {
	const struct daemon_spec *spec;
	uv_loop_t *loop;
	struct conf *conf;
	const char *instance;
	char run_dir[108];
	char state_dir[256]; /* this daemon's own: <state>/<name> */
	void *state;	     /* the daemon's own */
};

int daemon_main(const struct daemon_spec *spec, int argc, char **argv);

/* One sentence for the administrator about a start that cannot go on; also the log line. */
void daemon_fail(struct daemon *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The numeric ids of the user that a daemon runs as ("c2sd" -> bulkhead-c2sd); (uid_t)-1 when
 * we are not root and all run as ourselves. */
void daemon_user(const char *daemon_name, uid_t *uid, gid_t *gid);

/* It serves from now on: whoever waits for that is told. */
void daemon_ready(struct daemon *d);

/* Ends in order, soon: whoever runs it starts it again. */
void daemon_restart(struct daemon *d);

/* Everything is closed: the loop may end. */
void daemon_stopped(struct daemon *d);

/* Shown by systemctl status. */
void daemon_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
