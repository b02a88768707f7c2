/* The directories that a daemon needs, made while there is the right to. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/private.h"

enum { SOCKET_NAME_MAX = 16 }; /* "/auth.sock" and its like */

static int make(struct daemon *d, const char *path, mode_t mode)
{
	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return 0;
	daemon_fail(d, "cannot make the directory %s: %s", path, strerror(errno));
	return BH_ECONFIG;
}

/* Ours alone: whoever may look in may read what we keep. */
static int own(struct daemon *d, const char *path)
{
	uid_t uid;
	gid_t gid;

	daemon_user(d->spec->name, &uid, &gid);
	if (uid != (uid_t)-1 && chown(path, uid, gid) != 0) {
		daemon_fail(d, "cannot give %s to its user: %s", path, strerror(errno));
		return BH_ECONFIG;
	}
	if (access(path, W_OK) == 0)
		return 0;
	daemon_fail(d, "cannot write to %s: %s", path, strerror(errno));
	return BH_ECONFIG;
}

static int check_whole(struct daemon *d, const char *state)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", state, DAEMON_RESTORING);
	if (access(path, F_OK) != 0)
		return 0;
	daemon_fail(d, "a restore is not finished (there is %s): repeat bulkheadctl restore", path);
	return BH_ECONFIG;
}

int directories_make(struct daemon *d)
{
	const char *run = conf_text(d->conf, "run_dir"), *state = conf_text(d->conf, "state_dir");

	if (strlen(run) + SOCKET_NAME_MAX > sizeof d->run_dir) {
		daemon_fail(d, "run_dir %s is too long: the name of a socket has at most %zu bytes; "
			"choose a shorter one", run, sizeof d->run_dir - 1);
		return BH_ECONFIG;
	}
	snprintf(d->run_dir, sizeof d->run_dir, "%s", run);
	if (snprintf(d->state_dir, sizeof d->state_dir, "%s/%s", state, d->spec->name) >=
		(int)sizeof d->state_dir) {
		daemon_fail(d, "state_dir %s is too long", state);
		return BH_ECONFIG;
	}
	if (check_whole(d, state) != 0 || make(d, run, 0755) != 0 || make(d, state, 0755) != 0 ||
		make(d, d->state_dir, 0700) != 0)
		return BH_ECONFIG;
	return own(d, d->state_dir);
}
