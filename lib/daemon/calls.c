/* Tables of system calls.  Where two calls do the same job (poll and ppoll), which of them the C
 * library makes is the machine's affair. */
#include "daemon/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "daemon/daemon.h"

#define EQ(argument, value) SCMP_CMP64(argument, SCMP_CMP_EQ, (scmp_datum_t)(value))
#define WITHOUT(argument, bits) SCMP_CMP64(argument, SCMP_CMP_MASKED_EQ, (scmp_datum_t)(bits), 0)
#define KIND(argument, type) SCMP_CMP64(argument, SCMP_CMP_MASKED_EQ, TYPE_BITS, (scmp_datum_t)(type))

#define CALL(name) {.number = SCMP_SYS(name)}
#define CALL_ON_SELF(name) {.number = SCMP_SYS(name), .on_self = true, .text = "itself"}
#define CALL_IF(name, argument, value) \
	{.number = SCMP_SYS(name), .tests = {EQ(argument, value)}, .ntests = 1, .text = #value}
#define CALL_READING(name, argument) \
	{.number = SCMP_SYS(name), .tests = {WITHOUT(argument, WRITING)}, .ntests = 1, .text = "reading"}
#define CALL_WITHOUT(name, argument, bits) \
	{.number = SCMP_SYS(name), .tests = {WITHOUT(argument, bits)}, .ntests = 1, .text = "without " #bits}
#define SOCKET(family, type, protocol)                                                         \
	{.number = SCMP_SYS(socket), .tests = {EQ(0, family), KIND(1, type), EQ(2, protocol)}, \
		.ntests = 3, .text = #family " " #type}
#define OPTION(level, name)                                                                   \
	{.number = SCMP_SYS(setsockopt), .tests = {EQ(1, level), EQ(2, name)}, .ntests = 2, \
		.text = #level " " #name}
#define REFUSED_SOCKET(family)                                                     \
	{.number = SCMP_SYS(socket), .tests = {EQ(0, family)}, .ntests = 1, \
		.refused_with = EAFNOSUPPORT, .text = #family}

enum {
	TYPE_BITS = 0xf, /* of socket(2)'s second argument; the others are flags */
	WRITING = O_ACCMODE | O_CREAT | O_TRUNC,
	A_THREAD = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
		CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
	DEFAULT = 0,
};

/* The loop, memory that is not code, time, reading the configuration again, and the end. */
static const struct call common[] = {
	CALL(read), CALL(write), CALL(readv), CALL(writev), CALL(recvmsg), CALL(recvfrom), CALL(sendmsg),
	CALL(sendto), CALL(close), CALL(shutdown), CALL(lseek), CALL(fstat), CALL(newfstatat),
	CALL(epoll_ctl), CALL(epoll_wait), CALL(epoll_pwait), CALL(poll), CALL(ppoll), CALL(futex), CALL(getrandom),
	CALL(clock_gettime), CALL(gettimeofday), CALL(time), CALL(restart_syscall),
	CALL(munmap), CALL(mremap), CALL(brk), CALL(sysinfo), CALL(getrusage),
	CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(getpid), CALL(gettid),
	CALL(getuid), CALL(geteuid), CALL(getgid), CALL(getegid),
	CALL(exit), CALL(exit_group), CALL(getsockopt),
	CALL_ON_SELF(tgkill), /* abort() */
	CALL_WITHOUT(mmap, 2, PROT_EXEC),
	CALL_WITHOUT(mprotect, 2, PROT_EXEC),
	CALL_IF(madvise, 2, MADV_DONTNEED),
	CALL_READING(openat, 2),
	CALL_IF(fcntl, 1, F_GETFL), CALL_IF(fcntl, 1, F_SETFL),
	CALL_IF(fcntl, 1, F_GETFD), CALL_IF(fcntl, 1, F_SETFD),
	CALL_IF(ioctl, 1, FIONBIO),
	CALL_IF(ioctl, 1, TCGETS), /* isatty() */
};

static const struct call accepting[] = {
	CALL(accept4), CALL(getpeername), CALL(getsockname),
	OPTION(IPPROTO_TCP, TCP_NODELAY),
};

/* routerd's sockets, keyd's, and the log's. */
static const struct call joining[] = {
	CALL(connect),
	SOCKET(AF_UNIX, SOCK_STREAM, DEFAULT),
	SOCKET(AF_UNIX, SOCK_SEQPACKET, DEFAULT),
	SOCKET(AF_UNIX, SOCK_DGRAM, DEFAULT),
};

/* clone3's arguments cannot be seen: told that there is none, the C library uses clone. */
static const struct call threads[] = {
	CALL_IF(clone, 0, A_THREAD),
	{.number = SCMP_SYS(clone3), .refused_with = ENOSYS},
	CALL(set_robust_list), CALL(rseq), CALL(sched_yield), CALL(sched_getaffinity),
	CALL(clock_nanosleep), CALL(nanosleep),
	{.number = SCMP_SYS(prlimit64), .tests = {EQ(0, 0), EQ(2, 0)}, .ntests = 2, .text = "reading its own"},
};

/* What SQLite does to its files. */
static const struct call store[] = {
	CALL(openat), CALL(access), CALL(faccessat), CALL(faccessat2), CALL(pread64), CALL(pwrite64),
	CALL(fdatasync), CALL(fsync), CALL(ftruncate), CALL(fchmod), CALL(unlink), CALL(unlinkat),
	CALL(readlink), CALL(readlinkat), CALL(getcwd),
	CALL_IF(fcntl, 1, F_SETLK), CALL_IF(fcntl, 1, F_GETLK),
};

static const struct call dialling[] = {
	CALL(connect), CALL(getsockname),
	SOCKET(AF_INET, SOCK_STREAM, DEFAULT), SOCKET(AF_INET6, SOCK_STREAM, DEFAULT),
	SOCKET(AF_INET, SOCK_STREAM, IPPROTO_TCP), SOCKET(AF_INET6, SOCK_STREAM, IPPROTO_TCP),
	OPTION(IPPROTO_TCP, TCP_NODELAY), OPTION(SOL_SOCKET, SO_KEEPALIVE), OPTION(SOL_SOCKET, SO_LINGER),
	OPTION(SOL_SOCKET, SO_REUSEADDR),
};

/* UDP sockets; TCP where an answer is long. */
static const struct call asking[] = {
	CALL(connect), CALL(sendmmsg), CALL(access), CALL(faccessat), CALL(uname),
	SOCKET(AF_INET, SOCK_DGRAM, DEFAULT), SOCKET(AF_INET6, SOCK_DGRAM, DEFAULT),
	SOCKET(AF_INET, SOCK_DGRAM, IPPROTO_UDP), SOCKET(AF_INET6, SOCK_DGRAM, IPPROTO_UDP),
	CALL_IF(ioctl, 1, FIONREAD),
	CALL_IF(setsockopt, 1, IPPROTO_IP), CALL_IF(setsockopt, 1, IPPROTO_IPV6),
	/* getaddrinfo() asks for our addresses, and does without. */
	REFUSED_SOCKET(AF_NETLINK),
};

/* libunbound's thread has a loop of its own, talks to us by pairs of sockets, and binds what it asks with. */
static const struct call validating[] = {
	CALL(bind), CALL(epoll_create1), CALL(eventfd2), CALL(pipe2),
	{.number = SCMP_SYS(socketpair), .tests = {EQ(0, AF_UNIX)}, .ntests = 1, .text = "AF_UNIX"},
};

/* libkrb5: folders that its configuration includes, locks on the list of tickets that were seen. */
static const struct call kerberos[] = {
	CALL(getdents64), CALL(uname), CALL(access), CALL(faccessat),
	CALL_IF(fcntl, 1, F_OFD_SETLKW), CALL_IF(fcntl, 1, F_OFD_SETLK),
};

#define GROUP(bit, title, table) \
	{.may = (bit), .name = (title), .calls = (table), .ncalls = sizeof(table) / sizeof((table)[0])}

const struct call_group call_groups[] = {
	GROUP(0, "what every daemon does", common),
	GROUP(MAY_ACCEPT, "takes connections of the sockets that it was started with", accepting),
	GROUP(MAY_JOIN, "connects to sockets in the file system", joining),
	GROUP(MAY_THREAD, "has threads", threads),
	GROUP(MAY_STORE, "keeps files", store),
	GROUP(MAY_DIAL, "makes TCP connections", dialling),
	GROUP(MAY_ASK, "asks name servers", asking),
	GROUP(MAY_VALIDATE, "validates what name servers say", validating),
	GROUP(MAY_KERBEROS, "takes part in Kerberos", kerberos),
};
const size_t ncall_groups = sizeof call_groups / sizeof call_groups[0];
