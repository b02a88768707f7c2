/* The user of each daemon, and the way down from root. */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/log.h"
#include "daemon/private.h"

void daemon_user(const char *daemon_name, uid_t *uid, gid_t *gid)
{
	char name[64];
	const struct passwd *pw;

	*uid = (uid_t)-1;
	*gid = (gid_t)-1;
	if (geteuid() != 0)
		return;
	snprintf(name, sizeof name, "bulkhead-%s", daemon_name);
	pw = getpwnam(name);
	if (pw == NULL)
		return;
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
}

/* Memory that comes later counts, too: without a limit it can be had, with one it would fail when it is needed.  Stacks
 * of threads are locked page by page, as they are used. */
void memory_keep(struct daemon *d)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	struct rlimit limit;

	if (!d->spec->sandbox->locks_memory)
		return;
	(void)setrlimit(RLIMIT_MEMLOCK, &all);
	d->memory_locked = getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY &&
			   mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
	if (!d->memory_locked)
		log_info("memory-not-locked", "reason=\"RLIMIT_MEMLOCK is too low for all of it\"");
}

/* As many as *group has. */
static size_t keep_groups(const struct daemon *d, gid_t *group)
{
	const char *name = d->spec->sandbox->group;
	const struct group *found = name != NULL ? getgrnam(name) : NULL;

	if (found != NULL)
		*group = found->gr_gid;
	return found != NULL;
}

static int become(struct daemon *d)
{
	uid_t uid;
	gid_t gid, kept;
	size_t n = keep_groups(d, &kept);

	daemon_user(d->spec->name, &uid, &gid);
	if (uid == (uid_t)-1) {
		daemon_fail(d, "there is no user bulkhead-%s: make the users with "
			"\"systemd-sysusers\" or \"bulkhead init\"", d->spec->name);
		return BH_ECONFIG;
	}
	if (setgroups(n, &kept) == 0 && setresgid(gid, gid, gid) == 0 &&
		setresuid(uid, uid, uid) == 0 && setuid(0) != 0)
		return 0;
	daemon_fail(d, "cannot become bulkhead-%s: %s", d->spec->name, strerror(errno));
	return BH_EDENIED;
}

/* While we are root: nobody else can.  What is left where we are not is what systemd's unit says. */
static void empty_bounding_set(void)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		prctl(PR_CAPBSET_DROP, cap);
}

/* A user other than root may have been started with capabilities: they go too. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return (int)syscall(SYS_capset, &header, none);
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Under our own supervisor the daemon ends with it.  Asked for here, since a change of user
 * forgets it. */
static int end_with_supervisor(void)
{
	const char *text = getenv("BULKHEAD_SUPERVISOR");
	pid_t supervisor = text != NULL ? (pid_t)strtol(text, NULL, 10) : 0;

	if (text == NULL)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
		return -errno;
	return getppid() == supervisor ? 0 : -ESRCH;
}

/* LeakSanitizer reads our own /proc, which a process that must not be dumped cannot. */
static int stay_private(void)
{
#ifdef BULKHEAD_SANITIZE
	return prctl(PR_SET_DUMPABLE, 1);
#else
	return prctl(PR_SET_DUMPABLE, 0);
#endif
}

int privileges_drop(struct daemon *d)
{
	const struct rlimit none = {0, 0};

	raise_descriptor_limit();
	empty_bounding_set();
	if (geteuid() == 0 && become(d) != 0)
		return BH_EDENIED;
	if (end_with_supervisor() == 0 && drop_capabilities() == 0 && setrlimit(RLIMIT_CORE, &none) == 0 &&
		stay_private() == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		return 0;
	daemon_fail(d, "cannot give up privileges: %s", strerror(errno));
	return BH_EDENIED;
}

gid_t daemon_group(const char *name)
{
	const struct group *group = geteuid() == 0 ? getgrnam(name) : NULL;

	return group != NULL ? group->gr_gid : (gid_t)-1;
}
