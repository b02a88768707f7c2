/* Acts on other processes, on the system, and on what this process is. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/breach/acts.h"

/* A call by its number: arguments that are all 0 must be harmless where it is allowed. */
#define PLAIN(function, number)                       \
	static int function(const char *arg)          \
	{                                             \
		(void)arg;                            \
		return (int)syscall(number, 0, 0, 0, 0, 0, 0); \
	}

static pid_t victim(const char *arg)
{
	return (pid_t)strtol(arg, NULL, 10);
}

/* ---- other processes ------------------------------------------------------------------------ */

static int trace(const char *arg)
{
	pid_t pid = victim(arg);

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0)
		return -1;
	(void)ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	(void)waitpid(pid, NULL, __WALL);
	return (int)ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

static int read_memory(const char *arg)
{
	char byte;
	struct iovec here = {&byte, 1}, there = {(void *)arg, 1};

	/* An address that is none over there: EFAULT, when we may. */
	return process_vm_readv(victim(arg), &here, 1, &there, 1, 0) >= 0 || errno == EFAULT ? 0 : -1;
}

static int send_signal(const char *arg)
{
	return kill(victim(arg), SIGCONT);
}

static int send_thread_signal(const char *arg)
{
	return (int)syscall(SYS_tgkill, victim(arg), victim(arg), SIGCONT);
}

static int hold_process(const char *arg)
{
	int fd = (int)syscall(SYS_pidfd_open, victim(arg), 0);

	return fd >= 0 ? close(fd) : -1;
}

static int limit_other(const char *arg)
{
	struct rlimit old;

	return prlimit(victim(arg), RLIMIT_NOFILE, NULL, &old);
}

static int own_signals(const char *arg)
{
	return fcntl(STDERR_FILENO, F_SETOWN, victim(arg));
}

static int pin_other(const char *arg)
{
	cpu_set_t set;

	return sched_getaffinity(victim(arg), sizeof set, &set) == 0 ? sched_setaffinity(victim(arg), sizeof set, &set) : -1;
}

/* ---- the system ----------------------------------------------------------------------------- */

static int mount_something(const char *arg)
{
	return mount("none", arg, "tmpfs", 0, NULL) == 0 ? umount(arg) : -1;
}

static int change_root(const char *arg)
{
	return chroot(arg);
}

static int leave_namespaces(const char *arg)
{
	(void)arg;
	return unshare(CLONE_NEWNS);
}

static int make_user_namespace(const char *arg)
{
	(void)arg;
	return unshare(CLONE_NEWUSER);
}

static int measure(const char *arg)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE, .size = sizeof attr};
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);

	(void)arg;
	return fd >= 0 ? close(fd) : -1;
}

static int load_program(const char *arg)
{
	(void)arg;
	return (int)syscall(SYS_bpf, 0, arg, 0);
}

static int read_keyring(const char *arg)
{
	(void)arg;
	return (int)syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1) >= 0 ? 0 : -1;
}

static int use_ring(const char *arg)
{
	char parameters[120] = "";
	int fd = (int)syscall(SYS_io_uring_setup, 1, parameters);

	(void)arg;
	return fd >= 0 ? close(fd) : -1;
}

static int handle_faults(const char *arg)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	(void)arg;
	return fd >= 0 ? close(fd) : -1;
}

static int share_memory(const char *arg)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);

	(void)arg;
	return id >= 0 ? shmctl(id, IPC_RMID, NULL) : -1;
}

static int watch_files(const char *arg)
{
	int fd = inotify_init1(IN_CLOEXEC);

	(void)arg;
	return fd >= 0 ? close(fd) : -1;
}

/* Into a terminal that there is not: ENOTTY where one may ask. */
static int type_into_terminal(const char *arg)
{
	return ioctl(STDERR_FILENO, TIOCSTI, arg) == 0 || errno == ENOTTY ? 0 : -1;
}

PLAIN(load_module, SYS_finit_module)
PLAIN(set_clock, SYS_clock_settime)
PLAIN(restart_machine, SYS_reboot)
PLAIN(swap, SYS_swapon)
PLAIN(open_by_handle, SYS_open_by_handle_at)
PLAIN(filter_again, SYS_seccomp)
PLAIN(make_group, SYS_landlock_create_ruleset)

/* ---- what it is ------------------------------------------------------------------------------ */

static int become_root(const char *arg)
{
	(void)arg;
	return setuid(0);
}

static int join_group(const char *arg)
{
	const gid_t root = 0;

	(void)arg;
	return setgroups(1, &root);
}

static int take_capabilities(const char *arg)
{
	(void)arg;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static int become_dumpable(const char *arg)
{
	(void)arg;
	return prctl(PR_SET_DUMPABLE, 1);
}

static int raise_limit(const char *arg)
{
	const struct rlimit limit = {1, 1};

	(void)arg;
	return setrlimit(RLIMIT_CORE, &limit);
}

static int change_personality(const char *arg)
{
	(void)arg;
	return personality(READ_IMPLIES_EXEC);
}

/* Calls of other architectures: getpid, in both. */
#ifdef __x86_64__
static int call_x32(const char *arg)
{
	(void)arg;
	return (int)syscall(0x40000000 | SYS_getpid);
}

static int call_i386(const char *arg)
{
	int rc = 20;

	(void)arg;
	__asm__ volatile("int $0x80" : "+a"(rc) : : "memory");
	errno = rc < 0 ? -rc : 0;
	return rc < 0 ? -1 : 0;
}
#else
PLAIN(call_x32, 0x40000000)
PLAIN(call_i386, 0x40000001)
#endif

const struct act acts_calls[] = {
	{"ptrace", trace},
	{"process_vm_readv", read_memory},
	{"kill", send_signal},
	{"tgkill", send_thread_signal},
	{"pidfd_open", hold_process},
	{"prlimit", limit_other},
	{"fcntl F_SETOWN", own_signals},
	{"sched_setaffinity", pin_other},
	{"mount", mount_something},
	{"chroot", change_root},
	{"unshare CLONE_NEWNS", leave_namespaces},
	{"unshare CLONE_NEWUSER", make_user_namespace},
	{"perf_event_open", measure},
	{"bpf", load_program},
	{"keyctl", read_keyring},
	{"io_uring_setup", use_ring},
	{"userfaultfd", handle_faults},
	{"shmget", share_memory},
	{"inotify_init", watch_files},
	{"ioctl TIOCSTI", type_into_terminal},
	{"finit_module", load_module},
	{"clock_settime", set_clock},
	{"reboot", restart_machine},
	{"swapon", swap},
	{"open_by_handle_at", open_by_handle},
	{"seccomp", filter_again},
	{"landlock_create_ruleset", make_group},
	{"setuid", become_root},
	{"setgroups", join_group},
	{"prctl PR_CAP_AMBIENT", take_capabilities},
	{"prctl PR_SET_DUMPABLE", become_dumpable},
	{"setrlimit RLIMIT_CORE", raise_limit},
	{"personality", change_personality},
	{"an x32 call", call_x32},
	{"an i386 call", call_i386},
	{NULL, NULL},
};
