/*
 * lib/daemon's sandbox: each act runs in a process of its own that has locked itself in, and is
 * allowed, refused by the kernel, or the end of that process.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "daemon/private.h"

enum outcome { ALLOWED, REFUSED, KILLED, BROKEN };

/* Under sanitizers the filter lets through what they need, and so a little more. */
#ifdef BULKHEAD_SANITIZE
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

static char root[64]; /* bulkhead.conf, state/, outside/secret, own/certificate */

static const char *in(const char *name)
{
	static char path[4][160];
	static unsigned next;
	char *out = path[next++ % 4];

	snprintf(out, sizeof path[0], "%s/%s", root, name);
	return out;
}

static void put(const char *name)
{
	FILE *f = fopen(in(name), "w");

	assert_non_null(f);
	fputs("domain \"example.org\" { certificate = \"own/certificate\" key = \"own/key\" }\n", f);
	fclose(f);
}

static int make_tree(void **state)
{
	(void)state;
	snprintf(root, sizeof root, "/tmp/bh-sandbox-XXXXXX");
	assert_non_null(mkdtemp(root));
	mkdir(in("etc"), 0755);
	mkdir(in("etc/own"), 0755);
	mkdir(in("state"), 0755);
	mkdir(in("outside"), 0755);
	put("etc/bulkhead.conf");
	put("etc/own/certificate");
	put("outside/secret");
	return 0;
}

static int remove_tree(void **state)
{
	static const char *const files[] = {"etc/own/certificate", "etc/bulkhead.conf",
		"outside/secret", "outside/new", "state/new"};
	static const char *const folders[] = {"etc/own", "etc", "state", "outside", ""};

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		unlink(in(files[i]));
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		rmdir(in(folders[i]));
	return 0;
}

/* ---- the acts: 0, or -1 where the kernel refused ---------------------------------------- */

static int keep(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : -1;
}

static int make_unix_socket(void)
{
	return keep(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int make_tcp_socket(void)
{
	return keep(socket(AF_INET, SOCK_STREAM, 0));
}

static int make_tcp6_socket(void)
{
	return keep(socket(AF_INET6, SOCK_STREAM, 0));
}

static int make_packet_socket(void)
{
	return keep(socket(AF_PACKET, SOCK_RAW, 0));
}

static int make_netlink_socket(void)
{
	return keep(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int read_configuration(void)
{
	return keep(open(in("etc/bulkhead.conf"), O_RDONLY));
}

static int read_certificate(void)
{
	return keep(open(in("etc/own/certificate"), O_RDONLY));
}

static int read_outside(void)
{
	return keep(open(in("outside/secret"), O_RDONLY));
}

static int read_passwd(void)
{
	return keep(open("/etc/passwd", O_RDONLY));
}

static int write_configuration(void)
{
	return keep(open(in("etc/bulkhead.conf"), O_WRONLY));
}

static int make_in_state(void)
{
	return keep(open(in("state/new"), O_RDWR | O_CREAT | O_TRUNC, 0600));
}

static int make_outside(void)
{
	return keep(open(in("outside/new"), O_RDWR | O_CREAT, 0600));
}

static int run_program(void)
{
	char *args[] = {(char *)"true", NULL};

	return execv("/bin/true", args);
}

static int become_root(void)
{
	return setuid(0);
}

static int make_executable_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		-1, 0);

	return p != MAP_FAILED ? 0 : -1;
}

static int trace_parent(void)
{
	return (int)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static int mount_something(void)
{
	return (int)syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, NULL);
}

static int load_a_filter(void)
{
	return (int)syscall(SYS_bpf, 0, NULL, 0);
}

static int use_io_uring(void)
{
	return (int)syscall(SYS_io_uring_setup, 1, NULL);
}

static int take_random_bytes(void)
{
	char bytes[16];

	return getrandom(bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes ? 0 : -1;
}

static int take_memory(void)
{
	size_t size = 8 * 1024 * 1024;
	char *p = malloc(size);

	if (p == NULL)
		return -1;
	memset(p, 1, size);
	p = realloc(p, 2 * size);
	free(p);
	return p != NULL ? 0 : -1;
}

static void *idle(void *arg)
{
	return arg;
}

static int start_a_thread(void)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, idle, NULL);
	return errno == 0 && pthread_join(thread, NULL) == 0 ? 0 : -1;
}

static void on_time(uv_timer_t *timer)
{
	uv_close((uv_handle_t *)timer, NULL);
}

static void on_woken(uv_async_t *async)
{
	uv_close((uv_handle_t *)async, NULL);
}

static void do_nothing(uv_work_t *work)
{
	(void)work;
}

static uv_loop_t loop; /* made before the sandbox, as in every daemon */

static int run_a_loop(void)
{
	uv_timer_t timer;
	uv_async_t async;
	uv_work_t work;

	uv_timer_init(&loop, &timer);
	uv_timer_start(&timer, on_time, 1, 0);
	uv_async_init(&loop, &async, on_woken);
	uv_async_send(&async);
	uv_queue_work(&loop, &work, do_nothing, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop);
}

/* ---- running them ------------------------------------------------------------------------ */

static const char *const state_path[] = {"state", NULL};
static const char *const certificates[] = {"domain.certificate", NULL};
static const char *const nothing[] = {NULL};
static const int no_calls[] = {-1};

static const struct sandbox closed = {.syscalls = no_calls, .read_paths = nothing,
	.write_paths = nothing};
static const struct sandbox storing = {.syscalls = no_calls, .read_paths = nothing,
	.write_paths = state_path};
static const struct sandbox networked = {.syscalls = no_calls, .read_paths = certificates,
	.write_paths = nothing, .inet = true};

static const struct sandbox asking = {.syscalls = no_calls, .read_paths = nothing,
	.write_paths = nothing, .asks_inet = true};

static _Noreturn void confined(const struct sandbox *rules, int (*act)(void))
{
	struct daemon_spec spec = {.name = "test", .sandbox = rules};
	struct daemon d = {.spec = &spec};
	char what[256];

	snprintf(d.state_dir, sizeof d.state_dir, "%s", in("state"));
	uv_loop_init(&loop);
	if (conf_load(in("etc/bulkhead.conf"), NULL, &d.conf, what, sizeof what) != 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || sandbox_files(&d) != 0 ||
		sandbox_calls(rules, false) != 0)
		_exit(BROKEN);
	_exit(act() == 0 ? ALLOWED : REFUSED);
}

static enum outcome try(const struct sandbox *rules, int (*act)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		confined(rules, act);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? KILLED : BROKEN;
	return (enum outcome)WEXITSTATUS(status);
}

struct expectation {
	const char *name;
	const struct sandbox *rules;
	int (*act)(void);
	enum outcome outcome;
	enum outcome sanitized; /* the same, in a build with sanitizers */
};

static void check(const struct expectation *cases, size_t n)
{
	static const char *const names[] = {"allowed", "refused", "killed", "broken"};

	for (size_t i = 0; i < n; i++) {
		enum outcome expected = SANITIZED ? cases[i].sanitized : cases[i].outcome;
		enum outcome found = try(cases[i].rules, cases[i].act);

		if (found != expected)
			fail_msg("%s: %s, not %s", cases[i].name, names[found], names[expected]);
	}
}

#define SAME(rules, act, outcome) {#act " with " #rules, &(rules), act, outcome, outcome}
#define CHECK(cases) check(cases, sizeof(cases) / sizeof((cases)[0]))

/* Landlock may be missing from a kernel; then the file system is left to users and modes. */
static bool has_landlock(void)
{
	enum { CREATE_RULESET = 444, CREATE_VERSION = 1 };

	return syscall(CREATE_RULESET, NULL, 0, CREATE_VERSION) > 0;
}

static void what_every_daemon_does_is_allowed(void **state)
{
	static const struct expectation cases[] = {
		SAME(closed, make_unix_socket, ALLOWED),
		SAME(closed, take_random_bytes, ALLOWED),
		SAME(closed, take_memory, ALLOWED),
		SAME(closed, start_a_thread, ALLOWED),
		SAME(closed, run_a_loop, ALLOWED),
		SAME(closed, read_configuration, ALLOWED),
		SAME(networked, read_configuration, ALLOWED),
	};

	(void)state;
	CHECK(cases);
}

static void only_who_has_to_do_with_the_network_makes_such_sockets(void **state)
{
	static const struct expectation cases[] = {
		SAME(closed, make_tcp_socket, KILLED),
		SAME(closed, make_tcp6_socket, KILLED),
		SAME(storing, make_tcp_socket, KILLED),
		SAME(asking, make_tcp_socket, REFUSED),
		SAME(asking, make_tcp6_socket, KILLED),
		SAME(networked, make_tcp_socket, ALLOWED),
		SAME(networked, make_tcp6_socket, ALLOWED),
		SAME(networked, make_packet_socket, KILLED),
		SAME(networked, make_netlink_socket, KILLED),
	};

	(void)state;
	CHECK(cases);
}

static void no_daemon_runs_programs_or_changes_the_system(void **state)
{
	static const struct expectation cases[] = {
		SAME(closed, run_program, KILLED),
		SAME(networked, run_program, KILLED),
		SAME(closed, become_root, KILLED),
		SAME(closed, mount_something, KILLED),
		SAME(closed, load_a_filter, KILLED),
		SAME(closed, use_io_uring, KILLED),
		{"make_executable_memory", &closed, make_executable_memory, KILLED, ALLOWED},
	};

	(void)state;
	CHECK(cases);
}

static void no_daemon_traces_another(void **state)
{
	(void)state;
	if (SANITIZED)
		skip(); /* LeakSanitizer traces its own process */
	assert_int_equal(try(&closed, trace_parent), KILLED);
}

static void files_are_those_of_the_table_only(void **state)
{
	static const struct expectation cases[] = {
		SAME(closed, read_outside, REFUSED),
		SAME(closed, read_passwd, REFUSED),
		SAME(closed, write_configuration, REFUSED),
		SAME(closed, make_in_state, REFUSED),
		SAME(closed, make_outside, REFUSED),
		SAME(storing, make_in_state, ALLOWED),
		SAME(storing, make_outside, REFUSED),
		SAME(storing, read_outside, REFUSED),
		SAME(storing, write_configuration, REFUSED),
		SAME(networked, read_certificate, ALLOWED),
		SAME(networked, read_outside, REFUSED),
		SAME(networked, make_in_state, REFUSED),
		SAME(networked, write_configuration, REFUSED),
	};

	(void)state;
	if (!has_landlock())
		skip();
	CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_every_daemon_does_is_allowed),
		cmocka_unit_test(only_who_has_to_do_with_the_network_makes_such_sockets),
		cmocka_unit_test(no_daemon_runs_programs_or_changes_the_system),
		cmocka_unit_test(no_daemon_traces_another),
		cmocka_unit_test(files_are_those_of_the_table_only),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
