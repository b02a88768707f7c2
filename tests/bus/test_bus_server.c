/* routerd's end of the bus over real sockets: who is let in, and who is not. */
#include "ends.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"

enum { FOREIGNER = 4242, OWNER = 4141 };

/* ---- the sockets ------------------------------------------------------------------------ */

/* Linked in place of chmod(): what a socket's mode was before its last step. */
static mode_t mode_before;
int __real_chmod(const char *path, mode_t mode);
int __wrap_chmod(const char *path, mode_t mode);

int __wrap_chmod(const char *path, mode_t mode)
{
	struct stat st;

	if (stat(path, &st) == 0)
		mode_before = st.st_mode;
	return __real_chmod(path, mode);
}

static void sockets_have_their_owners_and_modes(void **state)
{
	const bool root = geteuid() == 0;
	const struct bus_socket_owner owners[] = {
		{ROLE_C2S, root ? OWNER : (uid_t)-1, (gid_t)-1, 0600},
		{ROLE_CTL, (uid_t)-1, root ? OWNER : (gid_t)-1, 0660},
	};
	char path[108], what[256];
	struct stat st;
	mode_t old = umask(0);

	(void)state;
	assert_int_equal(bus_server_open(run_dir, &(struct bus_socket_owners){owners, 2}, &srv.server, what, sizeof what), 0);
	assert_int_equal(umask(old), 0);
	assert_int_equal(mode_before, S_IFSOCK | 0600); /* never open wider than it ends up */
	path_of(ROLE_C2S, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0600);
	assert_int_equal(st.st_uid, root ? OWNER : geteuid());
	assert_int_equal(st.st_gid, getegid());
	path_of(ROLE_CTL, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0660);
	assert_int_equal(st.st_uid, geteuid());
	assert_int_equal(st.st_gid, root ? OWNER : getegid());
	server_down();
	assert_int_equal(stat(path, &st), -1);
}

/* A socket file that a dead process left behind. */
static void leave_stale_socket(unsigned role)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	path_of(role, addr.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	assert_int_equal(listen(fd, 1), 0);
	close(fd);
}

static void a_stale_socket_is_replaced(void **state)
{
	struct user u;

	(void)state;
	leave_stale_socket(ROLE_C2S);
	server_up();
	client_up(&u, ROLE_C2S, "c2sd");
	run_until(u.up == 1);
	client_down(&u);
	server_down();
}

static void a_living_routerd_is_left_alone(void **state)
{
	struct bus_server *first;
	char path[108], what[256] = "", expected[256];
	struct stat st;

	(void)state;
	assert_int_equal(server_open(what, sizeof what), 0);
	first = srv.server;
	srv.server = NULL;
	assert_int_equal(server_open(what, sizeof what), BH_EBUSY);
	path_of(ROLE_C2S, path);
	snprintf(expected, sizeof expected, "%s: another routerd is running", path);
	assert_string_equal(what, expected);
	assert_null(srv.server);
	assert_int_equal(stat(path, &st), 0);
	srv.server = first;
	server_down();
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
	char path[108], what[256] = "";
	struct stat st;

	(void)state;
	path_of(ROLE_AUTH, path);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	assert_int_equal(server_open(what, sizeof what), BH_EEXIST);
	assert_non_null(strstr(what, path));
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	/* The one before it was made, and is gone again. */
	unlink(path);
	path_of(ROLE_C2S, path);
	assert_int_equal(stat(path, &st), -1);
}

static void a_path_that_does_not_fit_is_refused_on_both_sides(void **state)
{
	struct bus_socket_owner owner = {ROLE_C2S, (uid_t)-1, (gid_t)-1, 0600};
	struct bus_client_spec spec = {
		.loop = loop, .role = ROLE_C2S, .instance = "c2sd", .software = "x"};
	char dir[128], what[256] = "";
	struct bus_client *client;

	(void)state;
	memset(dir, 'x', sizeof dir);
	dir[99] = '\0'; /* with "/c2s.sock", 108 bytes */
	spec.run_dir = dir;
	assert_int_equal(
		bus_server_open(dir, &(struct bus_socket_owners){&owner, 1}, &srv.server, what, sizeof what), BH_ETOOBIG);
	assert_int_equal(bus_client_start(&spec, &client), BH_ETOOBIG);
	spec.run_dir = "/tmp";
	spec.role = ROLE_ROUTER;
	assert_int_equal(bus_client_start(&spec, &client), BH_EINVAL);
	spec.role = ROLE_C2S;
	spec.instance = "";
	assert_int_equal(bus_client_start(&spec, &client), BH_EINVAL);
}

/* ---- greeting ---------------------------------------------------------------------------- */

static void a_client_is_welcome_and_known(void **state)
{
	struct msg_bind bind = {.resource = STR_NONE};
	struct msg_submit submit = {.stanza = STR_LIT("s")};
	struct msg_deliver deliver = {.stanza = STR_LIT("s")};
	struct link *link;
	struct user u;

	(void)state;
	server_up();
	client_up(&u, ROLE_C2S, "c2sd@2");
	run_until(u.up == 1);
	assert_int_equal(srv.peers, 1);
	assert_string_equal(srv.peer->instance, "c2sd@2");
	assert_string_equal(srv.peer->software, "a test");
	assert_int_equal(srv.peer->role, ROLE_C2S);
	assert_int_equal(srv.peer->pid, getpid());
	assert_true(srv.peer->since_ms <= clock_ms() && srv.peer->since_ms > 0);
	assert_memory_equal(&u.boot, &router_boot, sizeof router_boot);
	link = bus_client_link(u.client);
	assert_int_equal(LINK_SEND(link, BIND, bind, 1, &bind), 0);
	assert_int_equal(LINK_SEND(link, SUBMIT, submit, 1, &submit), 0);
	assert_int_equal(LINK_SEND(srv.peer->link, DELIVER, deliver, 1, &deliver), 0);
	run_until(srv.frames == 2 && u.frames == 1 && srv.held == 1);
	client_down(&u);
	run_until(srv.gone == 1);
	assert_string_equal(srv.why, "closed by the peer");
	assert_int_equal(u.down, 0);
	server_down();
}

static void the_walk_finds_the_peers_of_the_roles_asked_for(void **state)
{
	struct user u[3];
	struct bus_peer *peer;

	(void)state;
	server_up();
	client_up(&u[0], ROLE_C2S, "c2sd");
	client_up(&u[1], ROLE_AUTH, "authd");
	client_up(&u[2], ROLE_C2S, "c2sd@2");
	run_until(srv.peers == 3);
	peer = bus_server_next(srv.server, ROLES_FRONT, NULL);
	assert_int_equal(peer->role, ROLE_C2S);
	peer = bus_server_next(srv.server, ROLES_FRONT, peer);
	assert_int_equal(peer->role, ROLE_C2S);
	assert_null(bus_server_next(srv.server, ROLES_FRONT, peer));
	peer = bus_server_next(srv.server, ROLE_AUTH, NULL);
	assert_string_equal(peer->instance, "authd");
	assert_null(bus_server_next(srv.server, ROLE_CTL, NULL));
	server_down(); /* with peers still there */
	assert_int_equal(srv.gone, 3);
	for (int i = 0; i < 3; i++)
		client_down(&u[i]);
}

static void a_second_hello_of_a_living_instance_is_refused(void **state)
{
	struct user first, second;

	(void)state;
	server_up();
	client_up(&first, ROLE_C2S, "c2sd");
	run_until(first.up == 1);
	client_up(&second, ROLE_C2S, "c2sd");
	run_until(second.down == 1 && srv.refused >= 1);
	assert_non_null(
		strstr(second.why, "refused by routerd: instance c2sd is connected already"));
	assert_non_null(strstr(srv.why, "instance c2sd is connected already"));
	assert_int_equal(srv.refused_role, ROLE_C2S);
	assert_int_equal(first.down, 0);
	client_down(&first);
	run_until(second.up == 1);
	assert_int_equal(second.down, 1);
	client_down(&second);
	server_down();
}

static void many_ctl_clients_may_have_one_name(void **state)
{
	struct user first, second;

	(void)state;
	server_up();
	client_up(&first, ROLE_CTL, "ctl");
	client_up(&second, ROLE_CTL, "ctl");
	run_until(first.up == 1 && second.up == 1);
	assert_int_equal(srv.refused, 0);
	client_down(&first);
	client_down(&second);
	server_down();
}

/* ---- a bare client ----------------------------------------------------------------------- */

static int raw_connect(unsigned role)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	path_of(role, addr.sun_path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	return fd;
}

static struct msg_hello good_hello(void)
{
	return (struct msg_hello){.version = BUS_VERSION,
		.role = ROLE_C2S,
		.instance = STR_LIT("c2sd"),
		.software = STR_LIT("raw"),
		.pid = 1};
}

static void raw_hello(int fd, const struct msg_hello *m)
{
	struct buf b = BUF_INIT;

	assert_int_equal(bus_put_hello(&b, 0, m), 0);
	raw_write(fd, b.data, b.len);
	buf_fini(&b);
}

/* The REFUSE that the server sent before it closed. */
static void assert_refused(int fd, const char *text)
{
	struct buf in = BUF_INIT;
	struct msg_refuse refuse;
	struct frame frame;
	size_t size;

	raw_read(fd, &in);
	assert_int_equal(bus_frame_peek(in.data, in.len, 4096, &frame, &size), 1);
	assert_int_equal(frame.type, BUS_REFUSE);
	assert_int_equal(bus_get_refuse(frame.body, &refuse), 0);
	assert_int_equal(refuse.version, BUS_VERSION);
	assert_int_equal(refuse.text.len, strlen(text));
	assert_memory_equal(refuse.text.p, text, refuse.text.len);
	assert_int_equal(in.len, size);
	buf_fini(&in);
}

/* What both sides say of a peer that speaks another version. */
static char other_version[2][100];

static void say_other_version(unsigned theirs)
{
	snprintf(other_version[0], sizeof other_version[0], "this routerd speaks version %d of the bus, you speak %u",
		BUS_VERSION, theirs);
	snprintf(other_version[1], sizeof other_version[1], "it speaks version %u of the bus, this routerd speaks %d",
		theirs, BUS_VERSION);
}

static void a_hello_that_is_not_in_order_is_refused_with_a_reason(void **state)
{
	const struct {
		uint32_t version;
		uint16_t role;
		const char *instance, *text, *why;
	} cases[] = {
		{99, ROLE_C2S, "c2sd", other_version[0], other_version[1]},
		{BUS_VERSION, ROLE_AUTH, "c2sd", "this socket is for c2sd",
			"this socket is for c2sd"},
		{BUS_VERSION, 0, "c2sd", "this socket is for c2sd", "this socket is for c2sd"},
		{BUS_VERSION, ROLE_C2S, "", "that is no name for an instance of c2sd",
			"that is no name for an instance of c2sd"},
		{BUS_VERSION, ROLE_C2S, "authd", "that is no name for an instance of c2sd",
			"that is no name for an instance of c2sd"},
		{BUS_VERSION, ROLE_C2S, "c2sd2", "that is no name for an instance of c2sd",
			"that is no name for an instance of c2sd"},
		{BUS_VERSION, ROLE_C2S, "c2sd@", "that is no name for an instance of c2sd",
			"that is no name for an instance of c2sd"},
		{BUS_VERSION, ROLE_C2S, "two\nlines", "that is no name for an instance of c2sd",
			"that is no name for an instance of c2sd"},
	};

	(void)state;
	say_other_version(99);
	server_up();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct msg_hello hello = good_hello();
		int fd = raw_connect(ROLE_C2S);

		hello.version = cases[i].version;
		hello.role = cases[i].role;
		hello.instance = str_of(cases[i].instance);
		raw_hello(fd, &hello);
		run_until(srv.refused == i + 1);
		assert_string_equal(srv.why, cases[i].why);
		assert_refused(fd, cases[i].text);
		close(fd);
	}
	assert_int_equal(srv.peers + srv.gone, 0);
	server_down();
}

static void a_hello_of_another_version_needs_only_its_first_field(void **state)
{
	struct buf b = BUF_INIT;
	char body[3000] = {0, 0, 0, BUS_VERSION + 1};
	int fd;

	(void)state;
	server_up();
	fd = raw_connect(ROLE_C2S);
	raw_frame(&b, BUS_HELLO, 0, str_make(body, sizeof body));
	raw_write(fd, b.data, b.len);
	run_until(srv.refused == 1);
	say_other_version(BUS_VERSION + 1);
	assert_refused(fd, other_version[0]);
	buf_fini(&b);
	close(fd);
	server_down();
}

static void nothing_but_a_hello_may_come_first(void **state)
{
	static const char version[] = {0, 0, 0, BUS_VERSION};
	static const struct {
		uint16_t type;
		const char *body;
		uint32_t len;
		const char *why;
	} cases[] = {
		{BUS_BIND, "\xff\xff\xff\xff", 4, "BIND before the greeting"},
		{BUS_HELD, "\0\0\0\0\0\0\0\0", 8, "HELD before the greeting"},
		{BUS_WELCOME, "", 0, "frame of type 0x0002 is not allowed from c2sd"},
		{BUS_HELLO, "\0\0\0", 3, "HELLO: protocol violation"},
		{BUS_HELLO, version, 4, "HELLO: protocol violation"},
	};
	struct buf b = BUF_INIT;

	(void)state;
	server_up();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int fd = raw_connect(ROLE_C2S);

		buf_clear(&b);
		raw_frame(&b, cases[i].type, 0, str_make(cases[i].body, cases[i].len));
		raw_write(fd, b.data, b.len);
		run_until(srv.refused == i + 1);
		assert_string_equal(srv.why, cases[i].why);
		close(fd);
	}
	assert_int_equal(srv.frames, 0);
	buf_fini(&b);
	server_down();
}

static void a_peer_says_hello_once(void **state)
{
	struct msg_hello hello = good_hello();
	int fd;

	(void)state;
	server_up();
	fd = raw_connect(ROLE_C2S);
	raw_hello(fd, &hello);
	run_until(srv.peers == 1);
	raw_hello(fd, &hello);
	run_until(srv.gone == 1);
	assert_string_equal(srv.why, "HELLO: protocol violation");
	close(fd);
	server_down();
}

static void who_says_nothing_is_hung_up_on(void **state)
{
	uint64_t start;
	int fd;

	(void)state;
	server_up();
	fd = raw_connect(ROLE_C2S);
	start = clock_ms();
	run_until(srv.refused == 1);
	assert_string_equal(srv.why, "it said no HELLO in 5 s");
	assert_in_range(clock_ms() - start, 4900, 20000);
	close(fd);
	server_down();
}

/* In a child: another process says HELLO. */
static pid_t greet_from_elsewhere(void)
{
	const struct msg_hello hello = good_hello();
	pid_t pid = fork();
	char byte;
	int fd;

	if (pid != 0)
		return pid;
	fd = raw_connect(ROLE_C2S);
	raw_hello(fd, &hello);
	_exit(read(fd, &byte, 1) == 1 ? 0 : 1);
}

static void neither_a_process_nor_a_user_can_take_all_connections_of_a_role(void **state)
{
	static const struct {
		unsigned role, allowed;
	} cases[] = {{ROLE_C2S, 16}, {ROLE_CTL, 128}};
	int fd[129], status = -1;
	pid_t other;

	(void)state;
	server_up();
	for (size_t k = 0; k < 2; k++) {
		unsigned n = cases[k].allowed, before = srv.refused;

		for (unsigned i = 0; i <= n; i++) {
			fd[i] = raw_connect(cases[k].role);
			run_turns(1);
		}
		run_until(srv.refused == before + 1);
		assert_string_equal(srv.why, "it has too many connections already");
		other = cases[k].role == ROLE_C2S ? greet_from_elsewhere() : 0;
		run_until(srv.peers == 1);
		for (unsigned i = 0; i <= n; i++)
			close(fd[i]);
		run_until(srv.refused == before + n + 1);
		if (other != 0)
			assert_int_equal(waitpid(other, &status, 0), other);
		assert_int_equal(status, 0);
	}
	server_down();
}

/* A front end under two names, with a link each, reads neither. */
static void more_links_give_nobody_more_that_he_does_not_read(void **state)
{
	char *stanza = calloc(1, 16777216);
	const struct msg_deliver deliver = {.stanza = str_make(stanza, 16777216)};
	struct msg_hello hello = good_hello();
	struct bus_peer *peer[2];
	unsigned sent = 0;
	int fd[2], rc = 0;

	(void)state;
	server_up();
	for (unsigned i = 0; i < 2; i++) {
		hello.instance = i == 0 ? STR_LIT("c2sd@1") : STR_LIT("c2sd@2");
		fd[i] = raw_connect(ROLE_C2S);
		raw_hello(fd[i], &hello);
		run_until(srv.peers == i + 1);
		peer[i] = srv.peer;
	}
	for (; rc == 0 && sent < 100; sent++) {
		struct link *link = peer[sent % 2]->link;

		rc = LINK_SEND(link, DELIVER, deliver, 1, &deliver);
	}
	assert_int_equal(rc, BH_ECLOSED);
	assert_int_equal(sent, LINK_QUEUE_MAX / 16777216);
	run_until(srv.gone == 1);
	assert_non_null(strstr(srv.why, "it does not read"));
	/* What waited for that one counts no longer. */
	assert_int_equal(LINK_SEND(peer[sent % 2]->link, DELIVER, deliver, 1, &deliver), 0);
	close(fd[0]);
	close(fd[1]);
	run_until(srv.gone == 2);
	server_down();
	free(stanza);
}

/* In a child: becomes another user, connects, and says what no peer may say. */
static pid_t connect_as(uid_t uid, const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	pid_t pid = fork();
	char byte;
	int fd;

	if (pid != 0)
		return pid;
	snprintf(addr.sun_path, sizeof addr.sun_path, "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (setuid(uid) != 0 || connect(fd, (struct sockaddr *)&addr, sizeof addr) != 0)
		_exit(1);
	(void)!write(fd, "\0\0\0\0", 4);
	_exit(read(fd, &byte, 1) <= 0 ? 0 : 2);
}

static void the_kernel_says_who_connects(void **state)
{
	struct bus_socket_owner owner = {ROLE_C2S, OWNER, (gid_t)-1, 0600};
	char path[108], what[256];
	int status = -1;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(bus_server_open(run_dir, &(struct bus_socket_owners){&owner, 1}, &srv.server, what, sizeof what), 0);
	server_run();
	/* Somebody opened the file to all: the user is looked at all the same. */
	path_of(ROLE_C2S, path);
	assert_int_equal(chmod(path, 0666) | chmod(run_dir, 0755), 0);
	pid = connect_as(FOREIGNER, path);
	run_until(srv.refused == 1);
	assert_string_equal(srv.why, "user 4242 may not connect as c2sd");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	pid = connect_as(OWNER, path);
	run_until(srv.refused == 2);
	assert_non_null(strstr(srv.why, "header is impossible")); /* he was listened to */
	assert_int_equal(waitpid(pid, &status, 0), pid);
	server_down();
}

static void a_peer_can_be_sent_away(void **state)
{
	struct user u;

	(void)state;
	server_up();
	client_up(&u, ROLE_C2S, "c2sd");
	run_until(srv.peers == 1);
	link_close_after_write(srv.peer->link, "over its credit");
	run_until(srv.gone == 1);
	assert_string_equal(srv.why, "over its credit");
	run_until(srv.peers == 2 && u.up == 2);
	client_down(&u);
	server_down();
}

static void a_server_that_never_started_can_be_stopped(void **state)
{
	char what[256];

	(void)state;
	assert_int_equal(server_open(what, sizeof what), 0);
	server_down();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ends_setup, ends_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(sockets_have_their_owners_and_modes),
		TEST(a_stale_socket_is_replaced),
		TEST(a_living_routerd_is_left_alone),
		TEST(a_file_that_is_no_socket_is_left_alone),
		TEST(a_path_that_does_not_fit_is_refused_on_both_sides),
		TEST(a_client_is_welcome_and_known),
		TEST(the_walk_finds_the_peers_of_the_roles_asked_for),
		TEST(a_second_hello_of_a_living_instance_is_refused),
		TEST(many_ctl_clients_may_have_one_name),
		TEST(a_hello_that_is_not_in_order_is_refused_with_a_reason),
		TEST(a_hello_of_another_version_needs_only_its_first_field),
		TEST(nothing_but_a_hello_may_come_first),
		TEST(a_peer_says_hello_once),
		TEST(who_says_nothing_is_hung_up_on),
		TEST(neither_a_process_nor_a_user_can_take_all_connections_of_a_role),
		TEST(more_links_give_nobody_more_that_he_does_not_read),
		TEST(the_kernel_says_who_connects),
		TEST(a_peer_can_be_sent_away),
		TEST(a_server_that_never_started_can_be_stopped),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
