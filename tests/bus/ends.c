/* The two ends of the bus for the tests of server and client. */
#include "ends.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct server_seen srv;
char run_dir[64];
const struct bus_id router_boot = {{1, 2, 3}};

void path_of(unsigned role, char path[108])
{
	snprintf(path, 108, "%s/%s", run_dir, bus_role_socket(role));
}

int ends_setup(void **state)
{
	memset(&srv, 0, sizeof srv);
	snprintf(run_dir, sizeof run_dir, "/tmp/bus-test-XXXXXX");
	return mkdtemp(run_dir) == NULL || loop_setup(state) != 0;
}

int ends_teardown(void **state)
{
	int rc = loop_teardown(state);

	return rmdir(run_dir) != 0 || rc != 0;
}

/* ---- the two ends ---------------------------------------------------------------------- */

static void on_peer(void *owner, struct bus_peer *peer)
{
	assert_ptr_equal(owner, &srv);
	srv.peer = peer;
	srv.peers++;
}

static void on_gone(void *owner, struct bus_peer *peer, const char *why)
{
	(void)owner;
	(void)peer;
	srv.gone++;
	snprintf(srv.why, sizeof srv.why, "%s", why);
}

static void on_refused(void *owner, unsigned role, pid_t pid, const char *why)
{
	(void)owner;
	(void)pid;
	srv.refused++;
	srv.refused_role = role;
	snprintf(srv.why, sizeof srv.why, "%s", why);
}

static void on_peer_held(struct bus_peer *peer, uint64_t upto)
{
	(void)peer;
	srv.held = (unsigned)upto;
}

static int on_any(const struct bus_event *event)
{
	struct bus_peer *peer = event->owner;

	assert_ptr_equal(peer->link, event->link);
	srv.frames++;
	return 0;
}

static const struct bus_handler server_handlers[] = {
	{BUS_BIND, on_any},
	{BUS_SUBMIT, on_any},
	{BUS_CTL_REQUEST, on_any},
	{0, NULL},
};

int server_open(char *what, size_t size)
{
	static const struct bus_socket_owner owners[] = {
		{ROLE_C2S, (uid_t)-1, (gid_t)-1, 0600},
		{ROLE_AUTH, (uid_t)-1, (gid_t)-1, 0600},
		{ROLE_CTL, (uid_t)-1, (gid_t)-1, 0660},
	};

	return bus_server_open(run_dir, &(struct bus_socket_owners){owners, 3}, &srv.server, what, size);
}

void server_run(void)
{
	struct bus_server_spec spec = {
		.loop = loop,
		.boot = router_boot,
		.handlers = server_handlers,
		.owner = &srv,
		.on_peer = on_peer,
		.on_gone = on_gone,
		.on_held = on_peer_held,
		.on_refused = on_refused,
	};

	assert_int_equal(bus_server_start(srv.server, &spec), 0);
}

void server_up(void)
{
	char what[256] = "";

	assert_int_equal(server_open(what, sizeof what), 0);
	server_run();
}

static void on_server_done(void *arg)
{
	(void)arg;
	srv.done++;
}

void server_down(void)
{
	bus_server_stop(&srv.server, on_server_done, NULL);
	assert_null(srv.server);
	run_until(srv.done > 0);
	srv.done = 0;
}

void on_client_done(void *user)
{
	struct user *u = user;

	u->done++;
}

static void on_up(void *owner, const struct msg_welcome *welcome)
{
	struct user *u = owner;

	u->up++;
	u->boot = welcome->boot;
	if (u->stop_when_up)
		bus_client_stop(&u->client, on_client_done, u);
}

static void on_down(void *owner, const char *why)
{
	struct user *u = owner;

	u->down++;
	snprintf(u->why, sizeof u->why, "%s", why);
	if (u->stop_when_down)
		bus_client_stop(&u->client, on_client_done, u);
}

static int on_client_frame(const struct bus_event *event)
{
	struct user *u = event->owner;

	u->frames++;
	return 0;
}

static const struct bus_handler client_handlers[] = {
	{BUS_KILL, on_client_frame},
	{BUS_DELIVER, on_client_frame},
	{0, NULL},
};

void client_up(struct user *u, unsigned role, const char *instance)
{
	struct bus_client_spec spec = {
		.loop = loop,
		.role = role,
		.run_dir = run_dir,
		.instance = instance,
		.software = "a test",
		.handlers = client_handlers,
		.owner = u,
		.on_up = on_up,
		.on_down = on_down,
	};

	memset(u, 0, sizeof *u);
	assert_int_equal(bus_client_start(&spec, &u->client), 0);
	assert_null(bus_client_link(u->client));
}

void client_down(struct user *u)
{
	if (u->client != NULL)
		bus_client_stop(&u->client, on_client_done, u);
	run_until(u->done == 1);
}
