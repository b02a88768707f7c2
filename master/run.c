/* bulkhead run: starts the daemons in order, keeps them running, stops them in order. */
#include "master/run.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/exits.h"
#include "base/rand.h"
#include "daemon/log.h"
#include "master/master.h"

/* Each is ready before the next begins; they stop in the opposite order. */
static const char *const order[] = {"routerd", "keyd", "authd", "dirsyncd", "c2sd", "s2sd", "snmp", "metrics"};
enum { NDAEMONS = sizeof order / sizeof order[0] };

static bool all_of(const struct run *r, const char *daemon, enum child_state state)
{
	for (unsigned i = 0; i < r->nchildren; i++)
		if (strcmp(r->children[i].daemon, daemon) == 0 && r->children[i].state != state)
			return false;
	return true;
}

static void start_all(struct run *r, const char *daemon)
{
	for (unsigned i = 0; i < r->nchildren; i++)
		if (strcmp(r->children[i].daemon, daemon) == 0 &&
			r->children[i].state == CHILD_IDLE)
			child_start(&r->children[i]);
}

/* During the first start: the next kind of daemon begins when all before it are ready. */
void run_child_ready(struct run *r)
{
	for (unsigned i = 0; i < NDAEMONS && !r->announced && !r->stopping; i++) {
		if (all_of(r, order[i], CHILD_READY))
			continue;
		start_all(r, order[i]);
		return;
	}
	if (r->announced || r->stopping)
		return;
	r->announced = true;
	printf("bulkhead: ready\n");
	fflush(stdout);
}

static void close_all(struct run *r)
{
	if (uv_is_closing((uv_handle_t *)&r->term))
		return;
	uv_close((uv_handle_t *)&r->term, NULL);
	uv_close((uv_handle_t *)&r->interrupt, NULL);
	uv_close((uv_handle_t *)&r->hangup, NULL);
	uv_close((uv_handle_t *)&r->readiness, NULL);
}

/* Stops the last kind that still lives; when none does, the supervisor ends too. */
static void stop_next(struct run *r)
{
	for (unsigned i = NDAEMONS; i-- > 0;) {
		for (unsigned j = 0; j < r->nchildren; j++) {
			struct child *c = &r->children[j];

			if (strcmp(c->daemon, order[i]) == 0 && c->state != CHILD_STOPPING &&
				c->state != CHILD_GONE)
				child_stop(c);
		}
		if (!all_of(r, order[i], CHILD_GONE))
			return;
	}
	close_all(r);
}

static void stop(struct run *r, int exit_code)
{
	if (r->stopping)
		return;
	r->stopping = true;
	r->exit_code = exit_code;
	stop_next(r);
}

/* SIGTERM is the end of one that had not got as far as to heed it. */
static bool was_ended(const struct child *c, int status, int signal)
{
	return signal == 0 ? status == 0 : signal == SIGTERM && !c->ready;
}

void run_child_gone(struct run *r, struct child *c, int status, int signal)
{
	if (r->stopping) {
		if (!was_ended(c, status, signal) && r->exit_code == EXIT_OK)
			r->exit_code = EXIT_FAILED;
		stop_next(r);
	} else if (!r->announced && (status == EXIT_BAD_CONFIG || status == EXIT_TEMPORARY)) {
		/* It said why.  Nothing half-started stays. */
		c->state = CHILD_IDLE;
		stop(r, status);
	}
}

static void on_stop_signal(uv_signal_t *handle, int number)
{
	(void)number;
	stop(handle->data, EXIT_OK);
}

/* routerd leads a reload of all (routerd/reload.h). */
static void on_hangup(uv_signal_t *handle, int number)
{
	struct run *r = handle->data;

	if (r->children[0].alive)
		uv_process_kill(&r->children[0].process, number);
	else
		log_error("reload-refused", "reason=\"routerd is not running\"");
}

static bool known(const struct run *r, const char *instance)
{
	for (unsigned i = 0; i < r->nchildren; i++)
		if (strcmp(r->children[i].instance, instance) == 0)
			return true;
	return false;
}

static void add_child(struct run *r, const char *daemon, const char *instance)
{
	if (r->nchildren < CHILDREN_MAX && !known(r, instance))
		child_init(&r->children[r->nchildren++], r, daemon, instance);
}

/* c2sd@1 to c2sd@N, and those that have a section of their own. */
static void add_instances(struct run *r, const char *daemon)
{
	size_t len = strlen(daemon);
	char instance[64], setting[64];

	snprintf(setting, sizeof setting, "%s.instances", daemon);
	for (int64_t i = 1; i <= conf_number(r->conf, setting); i++) {
		snprintf(instance, sizeof instance, "%s@%d", daemon, (int)i);
		add_child(r, daemon, instance);
	}
	for (size_t i = 0; i < conf_instances(r->conf); i++) {
		const char *name = conf_instance_name(r->conf, i);

		if (strncmp(name, daemon, len) == 0 && name[len] == '@')
			add_child(r, daemon, name);
	}
}

static void add_children(struct run *r)
{
	add_child(r, "routerd", "routerd");
	add_child(r, "keyd", "keyd");
	add_child(r, "authd", "authd");
	if (conf_directories(r->conf) > 0)
		add_child(r, "dirsyncd", "dirsyncd");
	add_instances(r, "c2sd");
	add_instances(r, "s2sd");
	if (conf_text(r->conf, "snmp.agentx_socket") != NULL)
		add_child(r, "snmp", "snmp");
	if (conf_list_size(r->conf, "metrics.listen") > 0)
		add_child(r, "metrics", "metrics");
}

/* The daemons have a new configuration: those that it wants and that are not there are started.  One that is wanted no
 * more stays until the next start of all. */
static void take_configuration(struct run *r, const char *digest)
{
	char what[1024], hex[2 * DIGEST_SHA256_SIZE + 1];
	unsigned before = r->nchildren;
	struct conf *fresh;

	if (conf_load(r->config, NULL, &fresh, what, sizeof what) != 0) {
		log_error("reload-refused", "reason=%s", LOG_TEXT(what));
		return;
	}
	for (size_t i = 0; i < DIGEST_SHA256_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", conf_digest(fresh)[i]);
	if (strcmp(hex, digest) != 0 || r->stopping) {
		conf_free(&fresh);
		return; /* changed again: the next reload tells of that */
	}
	conf_free(&r->conf);
	r->conf = fresh;
	add_children(r);
	for (unsigned i = before; i < r->nchildren && r->announced; i++)
		child_start(&r->children[i]);
}

static struct child *child_of_pid(struct run *r, pid_t pid)
{
	for (unsigned i = 0; i < r->nchildren; i++)
		if (r->children[i].alive && r->children[i].process.pid == pid)
			return &r->children[i];
	return NULL;
}

/* A datagram of sd_notify(3); the kernel says which process it came from. */
static void on_readiness(uv_poll_t *poll, int status, int events)
{
	struct run *r = poll->data;
	char text[512], control[CMSG_SPACE(sizeof(struct ucred))];
	struct iovec iov = {text, sizeof text - 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof control};
	ssize_t n = recvmsg(r->notify_fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	struct ucred sender;
	struct child *child;

	(void)status, (void)events;
	if (c == NULL || c->cmsg_type != SCM_CREDENTIALS)
		return;
	memcpy(&sender, CMSG_DATA(c), sizeof sender);
	text[n] = '\0';
	child = child_of_pid(r, sender.pid);
	if (child != NULL && strstr(text, "READY=1") != NULL)
		child_ready(child);
	if (child == &r->children[0] && strncmp(text, "X_BULKHEAD_CONFIGURATION=", 25) == 0)
		take_configuration(r, text + 25);
}

/* An abstract socket: daemons of every user can reach it, and no file is left behind. */
static int open_notify(struct run *r)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char name[33];
	int on = 1, n;

	rand_hex(name, 16);
	snprintf(r->notify, sizeof r->notify, "@bulkhead/%s", name);
	n = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "bulkhead/%s", name);
	r->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (r->notify_fd < 0 ||
		bind(r->notify_fd, (struct sockaddr *)&address,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)) != 0 ||
		setsockopt(r->notify_fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
		return -errno;
	r->readiness.data = r;
	uv_poll_init(&r->loop, &r->readiness, r->notify_fd);
	return uv_poll_start(&r->readiness, UV_READABLE, on_readiness);
}

static void watch(struct run *r, uv_signal_t *handle, uv_signal_cb cb, int number)
{
	handle->data = r;
	uv_signal_init(&r->loop, handle);
	uv_signal_start(handle, cb, number);
}

static int parse_options(int argc, char **argv, struct run *r)
{
	static const struct option longs[] = {
		{"config", required_argument, NULL, 'c'},
		{"bin", required_argument, NULL, 'b'},
		{NULL, 0, NULL, 0},
	};
	ssize_t n = readlink("/proc/self/exe", r->programs, sizeof r->programs - 1);
	int c;

	r->programs[n > 0 ? n : 0] = '\0';
	*strrchr(r->programs, '/') = '\0';
	while ((c = getopt_long(argc, argv, "c:", longs, NULL)) != -1) {
		if (c == 'c')
			snprintf(r->config, sizeof r->config, "%s", optarg);
		else if (c == 'b')
			snprintf(r->programs, sizeof r->programs, "%s", optarg);
		else
			return EXIT_USAGE;
	}
	if (r->config[0] == '\0' && optind == argc - 1)
		snprintf(r->config, sizeof r->config, "%s/bulkhead.conf", argv[optind]);
	return r->config[0] != '\0' ? EXIT_OK : EXIT_USAGE;
}

static int run(struct run *r)
{
	char pid[24];

	uv_loop_init(&r->loop);
	if (open_notify(r) != 0) {
		fprintf(stderr, "bulkhead: cannot make a socket: %s\n", strerror(errno));
		return EXIT_FAILED;
	}
	/* The daemons end with their supervisor, and tell it when they are ready. */
	snprintf(pid, sizeof pid, "%ld", (long)getpid());
	uv_os_setenv("BULKHEAD_SUPERVISOR", pid);
	uv_os_setenv("NOTIFY_SOCKET", r->notify);
	add_children(r);
	watch(r, &r->term, on_stop_signal, SIGTERM);
	watch(r, &r->interrupt, on_stop_signal, SIGINT);
	watch(r, &r->hangup, on_hangup, SIGHUP);
	run_child_ready(r);
	uv_run(&r->loop, UV_RUN_DEFAULT);
	BUG_ON(uv_loop_close(&r->loop) != 0);
	close(r->notify_fd);
	return r->exit_code;
}

int master_run(int argc, char **argv)
{
	static struct run r;
	char what[1024];
	int rc = parse_options(argc, argv, &r);

	if (rc != EXIT_OK) {
		fprintf(stderr, "usage: bulkhead run DIR | bulkhead run -c FILE [--bin DIR]\n");
		return rc;
	}
	if (conf_load(r.config, NULL, &r.conf, what, sizeof what) != 0) {
		fprintf(stderr, "bulkhead: %s\n", what);
		return EXIT_BAD_CONFIG;
	}
	log_open("bulkhead", LOG_LEVEL_INFO);
	rc = run(&r);
	conf_free(&r.conf);
	return rc;
}
