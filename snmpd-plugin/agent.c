/*
 * libnetsnmp on libuv.
 *
 * The library closes and opens descriptors as it likes, and the same number may come back.  So they are not watched by
 * libuv itself but by an epoll of ours, from which the kernel takes what is closed; it is told before each wait what the
 * library waits for, and libuv watches that one descriptor.
 */
#include "snmpd-plugin/agent.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/agent_callbacks.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/library/large_fd_set.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "daemon/log.h"

enum { PING_S = 2 };

#define PROGRAM "bulkhead"

struct agent {
	struct agent_spec spec;
	int epoll;
	uv_poll_t poll;
	uv_timer_t timer; /* of the library's alarms */
	uv_prepare_t prepare;
	bool up, stopping;
	uint64_t began_ms; /* of the agent's sysUpTime, as clock_ms(); it may be before that began */
	unsigned parts;
	void (*done)(void *);
	void *done_arg;
};

bool agent_is_up(const struct agent *a)
{
	return a->up;
}

uint32_t agent_time(const struct agent *a, uint64_t ms)
{
	int64_t since = (int64_t)(ms - a->began_ms);

	return since > 0 ? (uint32_t)(since / 10) : 0;
}

/* ---- the library's news ------------------------------------------------------------------- */

static int on_log(int major, int minor, void *message, void *arg)
{
	const struct snmp_log_message *m = message;
	size_t len = strcspn(m->msg, "\n");

	(void)major, (void)minor, (void)arg;
	log_event(m->priority <= LOG_ERR ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "snmp-library", "text=%s",
		LOG_STR(str_make(m->msg, len)));
	return 0;
}

/* By what it answers the library knows its sysUpTime. */
static int on_connected(int major, int minor, void *session, void *arg)
{
	struct agent *a = arg;

	(void)major, (void)minor, (void)session;
	a->began_ms = clock_ms() - netsnmp_get_agent_uptime() * 10;
	a->up = true;
	if (!a->stopping)
		a->spec.on_link(a->spec.owner, true);
	return 0;
}

static int on_lost(int major, int minor, void *session, void *arg)
{
	struct agent *a = arg;

	(void)major, (void)minor, (void)session;
	a->up = false;
	if (!a->stopping)
		a->spec.on_link(a->spec.owner, false);
	return 0;
}

/* ---- on the loop ----------------------------------------------------------------------------- */

/* Whatever there is to do for the library, without waiting for more. */
static void turn(void)
{
	agent_check_and_process(0);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	(void)poll, (void)status, (void)events;
	turn();
}

static void on_timer(uv_timer_t *timer)
{
	(void)timer;
	turn();
}

static void watch(const struct agent *a, int n, netsnmp_large_fd_set *wanted)
{
	for (int fd = 0; fd < n; fd++) {
		struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

		if (NETSNMP_LARGE_FD_ISSET(fd, wanted))
			(void)epoll_ctl(a->epoll, EPOLL_CTL_ADD, fd, &event); /* or it is there */
	}
}

/* What became readable and is not waited for any more would wake us for ever. */
static void unwatch(const struct agent *a, int n, netsnmp_large_fd_set *wanted)
{
	struct epoll_event events[8];
	int ready = epoll_wait(a->epoll, events, 8, 0);

	for (int i = 0; i < ready; i++)
		if (events[i].data.fd >= n || !NETSNMP_LARGE_FD_ISSET(events[i].data.fd, wanted))
			(void)epoll_ctl(a->epoll, EPOLL_CTL_DEL, events[i].data.fd, NULL);
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct agent *a = prepare->data;
	struct timeval until = {0};
	netsnmp_large_fd_set wanted;
	int n = 0, forever = 1;

	netsnmp_large_fd_set_init(&wanted, FD_SETSIZE);
	NETSNMP_LARGE_FD_ZERO(&wanted);
	snmp_select_info2(&n, &wanted, &until, &forever);
	watch(a, n, &wanted);
	unwatch(a, n, &wanted);
	netsnmp_large_fd_set_cleanup(&wanted);
	if (forever)
		uv_timer_stop(&a->timer);
	else
		uv_timer_start(&a->timer, on_timer,
			(uint64_t)until.tv_sec * 1000 + (uint64_t)until.tv_usec / 1000 + 1, 0);
}

/* ---- coming and going ------------------------------------------------------------------------ */

/* It reads no file, writes none, and logs by us. */
static void configure(const char *socket)
{
	static const int off[] = {
		NETSNMP_DS_LIB_DONT_READ_CONFIGS, NETSNMP_DS_LIB_DONT_PERSIST_STATE,
		NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE,
		NETSNMP_DS_LIB_ALARM_DONT_USE_SIG,
	};
	char address[128];

	setenv("MIBS", "", 1);
	setenv("MIBDIRS", "/nonexistent", 1);
	setenv("SNMPCONFPATH", "/nonexistent", 1);
	setenv("SNMP_PERSISTENT_DIR", "/nonexistent", 1);
	snmp_disable_log();
	snmp_enable_calllog();
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_log, NULL);
	for (size_t i = 0; i < sizeof off / sizeof off[0]; i++)
		netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, off[i], 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_ROLE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_CONNECTION_WARNINGS, 1);
	snprintf(address, sizeof address, "unix:%s", socket);
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, address);
}

static int start_library(struct agent *a)
{
	int rc;

	configure(a->spec.socket);
	if (init_agent(PROGRAM) != 0)
		return BH_EIO;
	/* init_agent() sets another. */
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, PING_S);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START, on_connected, a);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, on_lost, a);
	rc = a->spec.on_ready(a->spec.owner);
	if (rc == 0)
		init_snmp(PROGRAM);
	return rc;
}

int agent_start(const struct agent_spec *spec, struct agent **out)
{
	struct agent *a = bh_alloc(sizeof *a);
	int rc;

	a->spec = *spec;
	a->began_ms = clock_ms();
	a->epoll = epoll_create1(EPOLL_CLOEXEC);
	rc = a->epoll >= 0 ? uv_poll_init(spec->loop, &a->poll, a->epoll) : -errno;
	if (rc == 0)
		rc = start_library(a);
	if (rc != 0) {
		free(a);
		return rc;
	}
	uv_timer_init(spec->loop, &a->timer);
	uv_prepare_init(spec->loop, &a->prepare);
	a->poll.data = a->timer.data = a->prepare.data = a;
	uv_poll_start(&a->poll, UV_READABLE, on_ready);
	uv_prepare_start(&a->prepare, on_prepare);
	*out = a;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct agent *a = handle->data;

	if (--a->parts > 0)
		return;
	/* Else the library would free what they have as theirs. */
	snmp_unregister_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START, on_connected, a, 1);
	snmp_unregister_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, on_lost, a, 1);
	snmp_shutdown(PROGRAM);
	shutdown_agent();
	close(a->epoll);
	a->done(a->done_arg);
	free(a);
}

void agent_stop(struct agent **agent, void (*done)(void *), void *arg)
{
	struct agent *a = *agent;

	*agent = NULL;
	a->stopping = true;
	a->done = done;
	a->done_arg = arg;
	a->parts = 3;
	uv_close((uv_handle_t *)&a->poll, on_closed);
	uv_close((uv_handle_t *)&a->timer, on_closed);
	uv_close((uv_handle_t *)&a->prepare, on_closed);
}
