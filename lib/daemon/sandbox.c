/* seccomp: which system calls a confined process may make (calls.c). */
#include <errno.h>
#include <seccomp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/calls.h"
#include "daemon/kerberos.h"
#include "daemon/log.h"
#include "daemon/private.h"

#ifdef BULKHEAD_SANITIZE
/* What AddressSanitizer and LeakSanitizer do, the latter with a thread that traces us. */
static const int sanitizer[] = {
	SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(madvise), SCMP_SYS(clone), SCMP_SYS(ptrace), SCMP_SYS(wait4),
	SCMP_SYS(waitid), SCMP_SYS(prctl), SCMP_SYS(getdents), SCMP_SYS(getdents64), SCMP_SYS(kill), SCMP_SYS(tgkill),
	SCMP_SYS(getppid), SCMP_SYS(arch_prctl), SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler),
	SCMP_SYS(setrlimit), SCMP_SYS(getrlimit), SCMP_SYS(prlimit64), SCMP_SYS(pipe2), SCMP_SYS(dup), SCMP_SYS(dup2),
	SCMP_SYS(unlink), SCMP_SYS(set_tid_address), SCMP_SYS(process_vm_readv), SCMP_SYS(socketpair), SCMP_SYS(fsync),
	SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(readlink), SCMP_SYS(sigaltstack),
	SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(getcwd), SCMP_SYS(uname), SCMP_SYS(access),
	SCMP_SYS(ioctl), SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep), SCMP_SYS(mlock), SCMP_SYS(munlock), -1,
};
#else
static const int sanitizer[] = {-1};
#endif

static int allow_all_of(scmp_filter_ctx ctx, const int *calls)
{
	int rc = 0;

	for (; rc == 0 && *calls != -1; calls++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, *calls, 0);
	return rc;
}

static int allow_call(scmp_filter_ctx ctx, const struct call *call)
{
	uint32_t action = call->refused_with != 0 ? SCMP_ACT_ERRNO((uint32_t)call->refused_with) : SCMP_ACT_ALLOW;

	if (call->on_self)
		return seccomp_rule_add(ctx, action, call->number, 1, SCMP_A0_64(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	return seccomp_rule_add_array(ctx, action, call->number, call->ntests, call->tests);
}

/* Whoever asks for such a socket is told that there are none. */
static int refuse_family(scmp_filter_ctx ctx, int family)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
		SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family));
}

static int allow_group(scmp_filter_ctx ctx, const struct call_group *group)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < group->ncalls; i++)
		rc = allow_call(ctx, &group->calls[i]);
	return rc;
}

static int allow_groups(scmp_filter_ctx ctx, unsigned may)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ncall_groups; i++)
		if (call_groups[i].may == 0 || (call_groups[i].may & may) != 0)
			rc = allow_group(ctx, &call_groups[i]);
	return rc;
}

/* Calls of other architectures (i386, x32) end the process too.  The filter is for all threads, and loading it fails
 * where one cannot have it. */
static int load(scmp_filter_ctx ctx)
{
	int rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	if (rc == 0)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	return rc == 0 ? seccomp_load(ctx) : rc;
}

int sandbox_calls(const struct sandbox *rules, unsigned may)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc = ctx != NULL ? 0 : -ENOMEM;

	if (rc == 0)
		rc = allow_groups(ctx, may);
	if (rc == 0)
		rc = allow_all_of(ctx, sanitizer);
	if (rc == 0 && rules->syscalls != NULL)
		rc = allow_all_of(ctx, rules->syscalls);
	if (rc == 0 && rules->refused_family != 0)
		rc = refuse_family(ctx, rules->refused_family);
	if (rc == 0)
		rc = load(ctx);
	if (ctx != NULL)
		seccomp_release(ctx);
	return rc;
}

bool sandbox_has_directories(const struct daemon *d)
{
	return d->spec->sandbox->directories && conf_directories(d->conf) > 0;
}

unsigned sandbox_may(const struct daemon *d)
{
	unsigned may = d->spec->sandbox->may;

	if (sandbox_has_directories(d))
		may |= MAY_DIRECTORIES;
	if (kerberos_wanted(d, d->conf))
		may |= MAY_KERBEROS;
	return may;
}

/* Landlock confines the thread that asks for it, and those that it makes. */
static bool is_alone(void)
{
	struct stat st;

	return stat("/proc/self/task", &st) != 0 || st.st_nlink == 3;
}

int sandbox_enter(struct daemon *d)
{
	int rc = is_alone() ? sandbox_files(d) : -EBUSY;

	if (rc != 0 && rc != BH_EDENIED)
		daemon_fail(d, "cannot set up Landlock: %s", bh_strerror(rc));
	if (rc != 0)
		return BH_EDENIED;
	rc = sandbox_calls(d->spec->sandbox, sandbox_may(d));
	if (rc != 0) {
		daemon_fail(d, "cannot set up seccomp: %s", bh_strerror(rc));
		return BH_EDENIED;
	}
	return 0;
}
