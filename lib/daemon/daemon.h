/*
 * daemon - the skeleton of every daemon's main()
 *
 * daemon_main() is one checklist in one order for all: arguments, configuration, log, loop,
 * `open` (privileged: sockets, keys, directories), drop of user and capabilities, sandbox, `start`
 * (confined), sd_notify READY, run, `stop`, and everything closed in reverse.
 *
 * Signals: SIGTERM and SIGINT stop orderly, SIGHUP asks for a reload (reload.h), SIGPIPE is ignored.
 * Exit codes: exits.h; a start that fails says in one line what, where and what to do, exits with
 * 78, and leaves nothing behind.  Where the machine is to blame rather than the configuration (no space on a disk, an
 * address that is taken, or not there yet) it is 75, a second later: whoever runs it tries again.
 *
 * Arguments: -c FILE the configuration (default /etc/bulkhead/bulkhead.conf), -i NAME the instance (default the daemon's
 * name; else that with @ and more, "c2sd@2": routerd takes no other), -P what it may do when it is confined, -V version,
 * -h help.
 */
#ifndef BH_DAEMON_H
#define BH_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/digest.h"
#include "conf/conf.h"

struct daemon;

/* What a confined process may do; calls.c has the system calls of each. */
enum sandbox_may {
	MAY_ACCEPT = 1 << 0,   /* take connections of the sockets that `open` made */
	MAY_JOIN = 1 << 1,     /* connect to sockets in the file system */
	MAY_THREAD = 1 << 2,   /* have threads; never another process */
	MAY_STORE = 1 << 3,    /* keep files under write_paths */
	MAY_DIAL = 1 << 4,     /* make TCP connections (never true for routerd) */
	MAY_ASK = 1 << 5,      /* ask name servers */
	MAY_VALIDATE = 1 << 6, /* and validate what they say: libunbound */
	MAY_KERBEROS = 1 << 7, /* where the configuration wants it; not for a table */
	MAY_DIRECTORIES = MAY_DIAL | MAY_ASK,
};

/* Data, shown as a table beside each daemon's main.c; -P prints it, and doc/security.md is made of that. */
struct sandbox {
	unsigned may;			/* enum sandbox_may */
	const int *syscalls;		/* beyond those of the groups; ends with -1; NULL: none */
	const char *const *read_paths;	/* settings' names or absolute paths; ends with NULL */
	const char *const *write_paths; /* the same: directories that it may write under */
	bool directories;		/* MAY_DIRECTORIES where the configuration has any (LDAP), else not */
	bool locks_memory;		/* none of its memory gets into swap space */
	int refused_family;		/* a library asks for such a socket, and does without; 0: none */
	const char *keytab;		/* a setting: where it has a value, takes Kerberos' tickets */
	const char *group;		/* keeps this one besides its own: "bulkhead-tls"; NULL: none */
	const char *holds;		/* its secrets, for the administrator who asks */
	const char *taken;		/* what who has taken it over can do */
};

struct daemon_spec {
	const char *name; /* "c2sd" */
	const char *job;  /* one sentence, for --help */
	const struct sandbox *sandbox;
	/* Privileged.  On failure it has told daemon_fail() why, and returns negative: of that the exit code is made. */
	int (*open)(struct daemon *d);
	/* Confined.  0 or negative, after daemon_fail(); the same. */
	int (*start)(struct daemon *d);
	/* It is ready later than its start, and says so by daemon_ready(). */
	bool ready_later;
	/* A reload, in two steps (doc/reload.md); each may be NULL.  First, with the new configuration in d->conf until this
	 * returns: makes all that can fail, in *prepared, and changes nothing.  0 or negative, after daemon_fail(). */
	int (*prepare)(struct daemon *d, void **prepared);
	/* Then it is in d->conf for good; takes prepared over.  Or it is not wanted, and prepared is freed. */
	void (*adopt)(struct daemon *d, void *prepared);
	void (*discard)(struct daemon *d, void *prepared);
	/* SIGHUP: whoever reloads all daemons together is told.  false: there is nobody, and it reloads alone. */
	bool (*ask_reload)(struct daemon *d);
	/* An orderly end begins.  Calls daemon_stopped() when all its handles are closed. */
	void (*stop)(struct daemon *d);
};

struct daemon {
	const struct daemon_spec *spec;
	uv_loop_t *loop; /* its data is the daemon */
	struct conf *conf;
	uint8_t configuration[DIGEST_SHA256_SIZE]; /* conf's digest, at the same place whatever is reloaded */
	const char *instance;
	char run_dir[108];
	char state_dir[256]; /* this daemon's own: <state>/<name> */
	bool memory_locked;  /* as its sandbox wants it, all that there is and all that comes */
	void *state;	     /* the daemon's own */
};

int daemon_main(const struct daemon_spec *spec, int argc, char **argv);

/* One sentence for the administrator about a start that cannot go on; also the log line. */
void daemon_fail(struct daemon *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The numeric ids of the user that a daemon runs as ("c2sd" -> bulkhead-c2sd); (uid_t)-1 when
 * we are not root and all run as ourselves. */
void daemon_user(const char *daemon_name, uid_t *uid, gid_t *gid);

/* A file of state_dir: while it is there, what the stores have is half of one thing and half of another (bulkheadctl
 * restore), and no daemon starts. */
#define DAEMON_RESTORING "restore-unfinished"

/* A group by its name; (gid_t)-1 where there is none of that name, and when we are not root. */
gid_t daemon_group(const char *name);

/* It serves from now on: whoever waits for that is told. */
void daemon_ready(struct daemon *d);

/* Ends in order, soon: whoever runs it starts it again. */
void daemon_restart(struct daemon *d);

/* Everything is closed: the loop may end. */
void daemon_stopped(struct daemon *d);

/* For `bulkhead run`: all daemons have the configuration of that digest (conf.h, in hexadecimal). */
void daemon_tell_configuration(const char *digest);

/* Shown by systemctl status. */
void daemon_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
