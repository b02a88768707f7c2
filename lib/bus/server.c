/* routerd's end of the bus: accepts, greets, and keeps the list of peers. */
#include "bus/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "bus/link_private.h"
#include "bus/party.h"
#include "bus/server_socket.h"
#include "bus/wire.h"

enum {
	HELLO_MS = 5000,
	RETRY_MS = 100,      /* when the process is out of descriptors */
	CONNECTIONS = 256,   /* per role */
	PEER_GROUPS = 256,   /* of who connects; more than anybody has */
	ACCEPTS_A_TURN = 16, /* one role's clients do not hold up the rest */
	WHY_SIZE = 200,
};

struct listener {
	struct bus_server *server;
	unsigned role;
	uid_t uid;    /* who may connect, besides root, */
	gid_t gid;    /* and (gid_t)-1 or the members of this group; */
	bool any_uid; /* unless the mode lets in others too */
	int fd;
	bool started;
	char path[SERVER_PATH_SIZE];
	uv_poll_t poll;
	uv_timer_t retry;
	unsigned connections;
};

struct bus_server {
	struct bus_server_spec spec;
	struct listener *listeners;
	size_t count;
	struct list connections;
	struct list parties; /* struct party: whose they are */
	unsigned parts; /* handles and connections not yet gone */
	void (*done)(void *);
	void *done_arg;
	bool stopping;
};

/* A peer, or one that is still to say HELLO. */
struct connection {
	struct bus_peer peer;
	struct list list;
	struct bus_server *server;
	struct listener *listener;
	struct party *party;
	uv_timer_t hello_timer;
	bool is_peer;
	unsigned parts;
};

static struct connection *connection_of(struct bus_peer *peer)
{
	return container_of(peer, struct connection, peer);
}

/* ---- the end of things ------------------------------------------------------------- */

static void server_part_gone(struct bus_server *s)
{
	void (*done)(void *) = s->done;
	void *arg = s->done_arg;

	s->parts--;
	if (s->parts > 0 || !s->stopping)
		return;
	free(s->listeners);
	free(s);
	if (done != NULL)
		done(arg);
}

static void connection_part_gone(void *arg)
{
	struct connection *c = arg;
	struct bus_server *s = c->server;

	if (--c->parts > 0)
		return;
	party_leave(&c->party);
	free(c);
	server_part_gone(s);
}

static void on_timer_closed(uv_handle_t *timer)
{
	connection_part_gone(timer->data);
}

/* Takes it off the list and tells the owner; the memory goes when the handles are closed. */
static void connection_end(struct connection *c, const char *why)
{
	const struct bus_server_spec *spec = &c->server->spec;

	list_remove(&c->list);
	c->listener->connections--;
	uv_close((uv_handle_t *)&c->hello_timer, on_timer_closed);
	if (c->is_peer && spec->on_gone != NULL)
		spec->on_gone(spec->owner, &c->peer, why);
	else if (!c->is_peer && spec->on_refused != NULL)
		spec->on_refused(spec->owner, c->peer.role, c->peer.pid, why);
}

static void on_closed(void *arg, const char *why)
{
	struct connection *c = arg;

	c->peer.link = NULL;
	connection_end(c, why);
	connection_part_gone(c);
}

/* ---- the greeting ------------------------------------------------------------------ */

static int refuse(struct connection *c, const char *text, const char *why)
{
	struct msg_refuse m = {.version = BUS_VERSION, .text = str_of(text)};

	LINK_SEND(c->peer.link, REFUSE, refuse, 0, &m);
	link_close_after_write(c->peer.link, why);
	return 0;
}

static int refuse_version(struct connection *c, uint32_t version)
{
	char text[WHY_SIZE], why[WHY_SIZE];

	snprintf(text, sizeof text, "this routerd speaks version %u of the bus, you speak %u",
		(unsigned)BUS_VERSION, (unsigned)version);
	snprintf(why, sizeof why, "it speaks version %u of the bus, this routerd speaks %u",
		(unsigned)version, (unsigned)BUS_VERSION);
	return refuse(c, text, why);
}

/* Instance names stand in logs and tables: no surprises in them. */
static bool is_plain(struct str s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789@._-";

	for (uint32_t i = 0; i < s.len; i++)
		if (s.p[i] == '\0' || strchr(allowed, s.p[i]) == NULL)
			return false;
	return s.len > 0;
}

/* No process has the name of a daemon of another role, which is to come back. */
static bool is_instance_name(struct str s, unsigned role)
{
	const char *name = bus_role_name(role);
	size_t n = strlen(name);

	if (role & ROLES_ADMIN)
		return is_plain(s); /* nobody is known by these */
	return is_plain(s) && s.len >= n && memcmp(s.p, name, n) == 0 &&
	       (s.len == n || (s.p[n] == '@' && s.len > n + 1));
}

/* Why this HELLO cannot be accepted, in `why`; false when it can. */
static bool is_unacceptable(struct connection *c, const struct msg_hello *m, char why[WHY_SIZE])
{
	const struct bus_peer *other;

	if (m->role != c->peer.role) {
		snprintf(why, WHY_SIZE, "this socket is for %s", bus_role_name(c->peer.role));
		return true;
	}
	if (!is_instance_name(m->instance, m->role)) {
		snprintf(why, WHY_SIZE, "that is no name for an instance of %s", bus_role_name(m->role));
		return true;
	}
	other = (m->role & ROLES_ADMIN) == 0 ? bus_server_find(c->server, m->instance) : NULL;
	if (other == NULL)
		return false;
	snprintf(why, WHY_SIZE, "instance %s is connected already, as process %ld", other->instance,
		(long)other->pid);
	return true;
}

static void copy_text(char out[65], struct str s)
{
	snprintf(out, 65, "%.*s", STR_FMT(s));
}

static int welcome(struct connection *c, const struct msg_hello *hello)
{
	struct bus_server *s = c->server;
	struct msg_welcome m = {.version = BUS_VERSION, .boot = s->spec.boot};
	int rc = LINK_SEND(c->peer.link, WELCOME, welcome, 0, &m);

	if (rc < 0)
		return rc;
	c->peer.boot = hello->boot;
	copy_text(c->peer.instance, hello->instance);
	copy_text(c->peer.software, hello->software);
	if (hello->configuration.len > 0)
		memcpy(c->peer.configuration, hello->configuration.p, sizeof c->peer.configuration);
	c->peer.since_ms = clock_ms();
	c->peer.started_ms = hello->started_ms < c->peer.since_ms ? hello->started_ms : c->peer.since_ms;
	c->is_peer = true;
	uv_timer_stop(&c->hello_timer);
	link_greeted(c->peer.link);
	if (s->spec.on_peer != NULL)
		s->spec.on_peer(s->spec.owner, &c->peer);
	return 0;
}

/* The version comes first, in HELLOs of all versions. */
static int on_greeting(void *arg, const struct frame *frame)
{
	struct connection *c = arg;
	struct msg_hello hello;
	char why[WHY_SIZE];
	uint32_t version;

	if (c->is_peer || frame->type != BUS_HELLO || frame->body.len < sizeof version)
		return BH_EPROTO;
	version = wire_u32_at((const uint8_t *)frame->body.p);
	if (version != BUS_VERSION)
		return refuse_version(c, version);
	if (bus_get_hello(frame->body, &hello) < 0 ||
		(hello.configuration.len != 0 && hello.configuration.len != sizeof c->peer.configuration))
		return BH_EPROTO;
	if (is_unacceptable(c, &hello, why))
		return refuse(c, why, why);
	return welcome(c, &hello);
}

static void on_hello_late(uv_timer_t *timer)
{
	struct connection *c = timer->data;

	link_close_after_write(c->peer.link, "it said no HELLO in 5 s");
}

static void on_held(void *arg, uint64_t upto)
{
	struct connection *c = arg;

	if (c->server->spec.on_held != NULL)
		c->server->spec.on_held(&c->peer, upto);
}

static void on_room(void *arg)
{
	struct connection *c = arg;

	if (c->server->spec.on_room != NULL)
		c->server->spec.on_room(&c->peer);
}

/* ---- accepting --------------------------------------------------------------------- */

static int connection_open(struct listener *l, int fd, struct party *party)
{
	struct bus_server *s = l->server;
	struct connection *c = bh_alloc(sizeof *c);
	struct link_spec spec = {
		.loop = s->spec.loop,
		.self = ROLE_ROUTER,
		.peer = l->role,
		.handlers = s->spec.handlers,
		.owner = c,
		.shared = &party->queued,
		.on_held = on_held,
		.on_room = on_room,
		.on_closed = on_closed,
	};
	int rc = link_open(&spec, fd, &c->peer.link);

	if (rc < 0) {
		party_leave(&party);
		free(c);
		return rc;
	}
	c->server = s;
	c->party = party;
	c->listener = l;
	c->peer.role = l->role;
	c->parts = 2;
	s->parts++;
	l->connections++;
	list_append(&s->connections, &c->list);
	link_credentials(c->peer.link, &c->peer.pid, &c->peer.uid);
	link_greet(c->peer.link, on_greeting, c, &c->peer);
	uv_timer_init(s->spec.loop, &c->hello_timer);
	c->hello_timer.data = c;
	uv_timer_start(&c->hello_timer, on_hello_late, HELLO_MS, 0);
	return 0;
}

static void turn_away(struct listener *l, int fd, pid_t pid, const char *why)
{
	const struct bus_server_spec *spec = &l->server->spec;

	close(fd);
	if (spec->on_refused != NULL)
		spec->on_refused(spec->owner, l->role, pid, why);
}

/* Its group, or one of its other groups, when it connected. */
static bool is_member(int fd, const struct ucred *cred, gid_t gid)
{
	gid_t groups[PEER_GROUPS];
	socklen_t len = sizeof groups;

	if (cred->gid == gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false;
	for (size_t i = 0; i < len / sizeof groups[0]; i++)
		if (groups[i] == gid)
			return true;
	return false;
}

static bool may_connect(const struct listener *l, int fd, const struct ucred *cred)
{
	return l->any_uid || cred->uid == l->uid || cred->uid == 0 ||
	       (l->gid != (gid_t)-1 && is_member(fd, cred, l->gid));
}

static void on_accepted(struct listener *l, int fd)
{
	struct ucred cred = {.uid = (uid_t)-1};
	socklen_t len = sizeof cred;
	struct party *party;
	char why[WHY_SIZE];
	int rc;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0) {
		turn_away(l, fd, 0, "its credentials are not known");
	} else if (!may_connect(l, fd, &cred)) {
		snprintf(why, sizeof why, "user %lu may not connect as %s", (unsigned long)cred.uid,
			bus_role_name(l->role));
		turn_away(l, fd, cred.pid, why);
	} else if (l->connections >= CONNECTIONS) {
		turn_away(l, fd, cred.pid, "too many connections for that role");
	} else if ((party = party_join(&l->server->parties, l->role, &cred)) == NULL) {
		turn_away(l, fd, cred.pid, "it has too many connections already");
	} else {
		rc = connection_open(l, fd, party);
		if (rc < 0 && l->server->spec.on_refused != NULL)
			l->server->spec.on_refused(
				l->server->spec.owner, l->role, cred.pid, bh_strerror(rc));
	}
}

static void on_readable(uv_poll_t *poll, int status, int events);

static void on_retry(uv_timer_t *timer)
{
	struct listener *l = timer->data;

	uv_poll_start(&l->poll, UV_READABLE, on_readable);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct listener *l = poll->data;

	(void)status;
	(void)events;
	/* A callback of the owner's may stop the server. */
	for (int i = 0; i < ACCEPTS_A_TURN && !l->server->stopping; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			on_accepted(l, fd);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
			uv_poll_stop(poll);
			uv_timer_start(&l->retry, on_retry, RETRY_MS, 0);
			return;
		} else if (errno != ECONNABORTED && errno != EINTR) {
			return;
		}
	}
}

/* ---- open, start, stop ------------------------------------------------------------- */

static void listener_fini(struct listener *l)
{
	unlink(l->path);
	close(l->fd);
}

static int listener_open(struct listener *l, const char *run_dir,
	const struct bus_socket_owner *owner, struct buf *what)
{
	struct server_socket spec = {
		.name = bus_role_socket(owner->role),
		.server = "routerd",
		.type = SOCK_STREAM,
		.uid = owner->uid,
		.gid = owner->gid,
		.mode = owner->mode,
	};

	if (spec.name == NULL)
		return BH_EINVAL;
	l->role = owner->role;
	l->uid = owner->uid != (uid_t)-1 ? owner->uid : geteuid();
	l->gid = (owner->mode & 0020) != 0 ? owner->gid : (gid_t)-1;
	l->any_uid = (owner->mode & 0002) != 0;
	return server_socket_open(run_dir, &spec, l->path, &l->fd, what);
}

static void close_listeners(struct bus_server *s)
{
	for (size_t i = 0; i < s->count; i++)
		listener_fini(&s->listeners[i]);
	s->count = 0;
}

int bus_server_open(const char *run_dir, const struct bus_socket_owners *owners,
	struct bus_server **out, char *what, size_t what_size)
{
	struct bus_server *s = bh_alloc(sizeof *s);
	struct buf text = BUF_INIT;
	int rc = 0;

	list_init(&s->connections);
	list_init(&s->parties);
	s->listeners = bh_alloc((owners->n + 1) * sizeof *s->listeners);
	while (rc == 0 && s->count < owners->n) {
		struct listener *l = &s->listeners[s->count];

		buf_clear(&text);
		l->server = s;
		rc = listener_open(l, run_dir, &owners->list[s->count], &text);
		if (rc == 0)
			s->count++;
	}
	if (rc == 0) {
		*out = s;
	} else {
		snprintf(what, what_size, "%.*s", STR_FMT(buf_str(&text)));
		close_listeners(s);
		free(s->listeners);
		free(s);
	}
	buf_fini(&text);
	return rc;
}

static int listener_start(struct listener *l)
{
	uv_loop_t *loop = l->server->spec.loop;
	int rc = uv_poll_init(loop, &l->poll, l->fd);

	if (rc < 0)
		return rc;
	uv_timer_init(loop, &l->retry);
	l->poll.data = l;
	l->retry.data = l;
	l->started = true;
	l->server->parts += 2;
	return uv_poll_start(&l->poll, UV_READABLE, on_readable);
}

int bus_server_start(struct bus_server *server, const struct bus_server_spec *spec)
{
	int rc = 0;

	server->spec = *spec;
	for (size_t i = 0; rc == 0 && i < server->count; i++)
		rc = listener_start(&server->listeners[i]);
	return rc;
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct listener *l = handle->data;

	server_part_gone(l->server);
}

static void stop_listeners(struct bus_server *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct listener *l = &s->listeners[i];

		if (l->started) {
			uv_close((uv_handle_t *)&l->poll, on_listener_closed);
			uv_close((uv_handle_t *)&l->retry, on_listener_closed);
		}
	}
	close_listeners(s);
}

static void say_goodbye(struct connection *c)
{
	const struct msg_goodbye m = {};

	if (c->is_peer)
		(void)LINK_SEND(c->peer.link, GOODBYE, goodbye, 0, &m);
}

void bus_server_stop(struct bus_server **server, void (*done)(void *), void *arg)
{
	struct bus_server *s = *server;

	*server = NULL;
	if (s == NULL) {
		if (done != NULL)
			done(arg);
		return;
	}
	s->done = done;
	s->done_arg = arg;
	s->parts++; /* this call */
	s->stopping = true;
	stop_listeners(s);
	while (!list_empty(&s->connections)) {
		struct connection *c = container_of(s->connections.next, struct connection, list);

		if (c->peer.link != NULL) {
			say_goodbye(c);
			link_close_then(&c->peer.link, connection_part_gone, c);
		} else {
			c->parts--; /* somebody closed the link by himself */
		}
		connection_end(c, "routerd stops");
	}
	server_part_gone(s);
}

struct bus_peer *bus_server_next(struct bus_server *server, unsigned roles, struct bus_peer *after)
{
	struct list *at;

	if (server == NULL)
		return NULL; /* it is being stopped */
	at = after != NULL ? &connection_of(after)->list : &server->connections;
	for (at = at->next; at != &server->connections; at = at->next) {
		struct connection *c = container_of(at, struct connection, list);

		if (c->is_peer && (c->peer.role & roles) != 0)
			return &c->peer;
	}
	return NULL;
}

struct bus_peer *bus_server_find(struct bus_server *server, struct str instance)
{
	struct bus_peer *peer = NULL;

	while ((peer = bus_server_next(server, ROLES_DAEMONS, peer)) != NULL)
		if (str_is(instance, peer->instance))
			return peer;
	return NULL;
}
