/*
 * directories - the directories that hold accounts, asked on threads of their own
 *
 * Each directory has as many threads as it may have connections; what one of them waits for holds up nobody of another
 * directory, and no account of authd's own.  Answers come from the loop.
 */
#ifndef AUTHD_DIRECTORIES_H
#define AUTHD_DIRECTORIES_H

#include <stdbool.h>
#include <uv.h>

#include "base/str.h"
#include "conf/conf.h"
#include "directory/connection.h"

struct directories;
struct dirjob;

/* What a directory says. */
struct dirjob_result {
	/* 0, or BH_EIO, BH_ETIMEOUT, BH_EDENIED: it could not be asked, why says how; BH_EINVAL: it does not want that
	 * password */
	int rc;
	bool found;  /* there is just one such entry */
	bool locked; /* which says that it may not be used */
	enum dirverdict verdict; /* where a password was given */
	char why[DIRCONN_WHY_SIZE];
};

struct dirjob_order {
	struct str local;    /* of the account, prepared */
	struct str password; /* absent: it is looked up only */
	bool change;	     /* the password is not tried, but given to it */
	void (*done)(void *arg, const struct dirjob_result *result);
	void *arg;
};

/* Reads the sections directory "..." of the configuration: nothing is connected yet.  0 or BH_ECONFIG. */
int directories_load(const struct conf *conf, struct directories **out, char *what, size_t size);
/* Where the configuration has none. */
struct directories *directories_none(void);
/* Starts the threads. */
void directories_start(struct directories *d, uv_loop_t *loop);
/* Nobody is called any more; freed, and done called (which may be NULL), when the threads have ended. */
void directories_stop(struct directories **d, void (*done)(void *arg), void *arg);

/* May passwords be changed there? */
bool directories_take_passwords(const struct directories *d, const char *name);
/* 0; BH_EBUSY: too much waits; BH_ENOTFOUND: there is no directory of that name. */
int directories_ask(struct directories *d, const char *name, const struct dirjob_order *order, struct dirjob **job);
/* done is not called any more.  NULL is none. */
void dirjob_cancel(struct dirjob **job);

#endif
