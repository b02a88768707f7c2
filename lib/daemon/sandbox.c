/* seccomp: which system calls a confined process may make. */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/err.h"
#include "daemon/log.h"
#include "daemon/private.h"

/* What every daemon does: the loop, memory, time, its sockets, threads, reading the
 * configuration again. */
static const int common[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(recvmsg),
	SCMP_SYS(recvfrom), SCMP_SYS(sendmsg), SCMP_SYS(sendto), SCMP_SYS(close),
	SCMP_SYS(shutdown), SCMP_SYS(fcntl), SCMP_SYS(ioctl), SCMP_SYS(accept),
	SCMP_SYS(accept4), SCMP_SYS(listen), SCMP_SYS(connect), SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait), SCMP_SYS(eventfd2), SCMP_SYS(poll), SCMP_SYS(ppoll),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(futex), SCMP_SYS(getrandom),
	SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
	SCMP_SYS(tgkill), SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(getuid),
	SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(restart_syscall), SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq), SCMP_SYS(membarrier),
	SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
	SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(statx), SCMP_SYS(lseek), SCMP_SYS(openat),
	SCMP_SYS(open), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
	SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd), SCMP_SYS(getrusage),
	SCMP_SYS(prlimit64), SCMP_SYS(getrlimit), SCMP_SYS(mlock),
	SCMP_SYS(munlock),
};

#ifdef BULKHEAD_SANITIZE
/* What AddressSanitizer and LeakSanitizer do, the latter with a thread that traces us. */
static const int sanitizer[] = {
	SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(clone), SCMP_SYS(ptrace), SCMP_SYS(wait4), SCMP_SYS(waitid), SCMP_SYS(prctl),
	SCMP_SYS(getdents), SCMP_SYS(getdents64), SCMP_SYS(kill), SCMP_SYS(getppid), SCMP_SYS(arch_prctl),
	SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler), SCMP_SYS(setrlimit),
	SCMP_SYS(pipe2), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(unlink), SCMP_SYS(set_tid_address),
	SCMP_SYS(process_vm_readv), SCMP_SYS(socketpair), SCMP_SYS(fsync), -1,
};
#else
static const int sanitizer[] = {-1};
#endif

static int allow_calls(scmp_filter_ctx ctx, const int *calls, size_t n)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
	return rc;
}

static size_t length(const int *calls)
{
	size_t n = 0;

	while (calls[n] != -1)
		n++;
	return n;
}

/* Memory that is not executable, threads but no processes.  clone3's arguments cannot be
 * seen: told that there is none, the C library uses clone. */
static int allow_threads_and_memory(scmp_filter_ctx ctx)
{
	int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	if (rc == 0 && length(sanitizer) == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	for (int i = 0; rc == 0 && length(sanitizer) == 0 && i < 2; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW,
			i == 0 ? SCMP_SYS(mmap) : SCMP_SYS(mprotect), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return rc;
}

/* Whoever asks for such a socket is told that there are none. */
static int refuse_family(scmp_filter_ctx ctx, int family)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
		SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family));
}

static int allow_families(scmp_filter_ctx ctx, const struct sandbox *rules, bool directories)
{
	static const int families[] = {AF_UNIX, AF_INET, AF_INET6};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < (rules->inet || directories ? 3u : 1u); i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]));
	/* getaddrinfo() asks for our addresses, and does without. */
	if (rc == 0 && directories)
		rc = refuse_family(ctx, AF_NETLINK);
	if (rc == 0 && rules->asks_inet)
		rc = refuse_family(ctx, AF_INET);
	return rc;
}

int sandbox_calls(const struct sandbox *rules, bool directories)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc = ctx != NULL ? 0 : -ENOMEM;

	if (rc == 0)
		rc = allow_calls(ctx, common, sizeof common / sizeof common[0]);
	if (rc == 0)
		rc = allow_calls(ctx, sanitizer, length(sanitizer));
	if (rc == 0)
		rc = allow_calls(ctx, rules->syscalls, length(rules->syscalls));
	if (rc == 0)
		rc = allow_families(ctx, rules, directories);
	if (rc == 0)
		rc = allow_threads_and_memory(ctx);
	if (rc == 0)
		rc = seccomp_load(ctx);
	if (ctx != NULL)
		seccomp_release(ctx);
	return rc;
}

int sandbox_enter(struct daemon *d)
{
	int rc = sandbox_files(d);

	if (rc != 0 && rc != BH_EDENIED)
		daemon_fail(d, "cannot set up Landlock: %s", bh_strerror(rc));
	if (rc != 0)
		return BH_EDENIED;
	rc = sandbox_calls(d->spec->sandbox, sandbox_has_directories(d));
	if (rc != 0) {
		daemon_fail(d, "cannot set up seccomp: %s", bh_strerror(rc));
		return BH_EDENIED;
	}
	return 0;
}
