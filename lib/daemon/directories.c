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

static int fail(struct daemon *d, const char *what, const char *path)
{
	int rc = -errno;

	daemon_fail(d, "cannot %s %s: %s", what, path, strerror(-rc));
	return rc;
}

/* The mode is ours to say, whatever the umask is: daemons that are other users must get in. */
static int make(struct daemon *d, const char *path, mode_t mode)
{
	if (mkdir(path, mode) == 0 ? chmod(path, mode) == 0 : errno == EEXIST)
		return 0;
	return fail(d, "make the directory", path);
}

/* Ours alone: whoever may look in may read what we keep. */
static int own(struct daemon *d, const char *path)
{
	uid_t uid;
	gid_t gid;

	daemon_user(d->spec->name, &uid, &gid);
	if (uid != (uid_t)-1 && chown(path, uid, gid) != 0)
		return fail(d, "give its user the directory", path);
	return access(path, W_OK) == 0 ? 0 : fail(d, "write to", path);
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
	int rc;

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
	rc = check_whole(d, state);
	if (rc == 0)
		rc = make(d, run, 0755);
	if (rc == 0)
		rc = make(d, state, 0755);
	if (rc == 0)
		rc = make(d, d->state_dir, 0700);
	return rc == 0 ? own(d, d->state_dir) : rc;
}
