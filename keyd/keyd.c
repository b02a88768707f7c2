/* Opening, starting, reloading and stopping keyd. */
#include "keyd/keyd.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "bus/client.h"
#include "bus/server_socket.h"
#include "daemon/counter.h"
#include "daemon/log.h"
#include "daemon/orders.h"
#include "daemon/reload.h"
#include "keyd/front.h"

enum { ACCEPTS_A_TURN = 16, MINUTE_MS = 60 * 1000, WHAT_SIZE = 1024 };

/* ---- rings ---------------------------------------------------------------------------------- */

struct ring *keyd_ring(const struct keyd *keyd)
{
	return container_of(keyd->rings.next, struct ring, link);
}

const struct tls_key *keyd_find_key(const struct keyd *keyd, enum key_role role, const uint8_t *id)
{
	const struct tls_key *key = NULL;

	list_for_each(pos, &keyd->rings) {
		key = ring_find(container_of(pos, struct ring, link), role, id);
		if (key != NULL)
			break;
	}
	return key;
}

struct ring *keyd_ring_enter(struct ring *ring)
{
	ring->users++;
	return ring;
}

void keyd_ring_leave(struct ring **ring)
{
	struct ring *r = *ring;

	*ring = NULL;
	if (r != NULL && --r->users == 0)
		r->unused_ms = clock_ms();
}

static void free_old_rings(struct keyd *keyd)
{
	uint64_t now = clock_ms();

	list_for_each_safe(pos, &keyd->rings) {
		struct ring *r = container_of(pos, struct ring, link);

		if (r == keyd_ring(keyd) || r->users > 0 || now - r->unused_ms < KEY_GRACE_MS)
			continue;
		log_info("keys-forgotten", "generation=%lu", (unsigned long)r->generation);
		ring_free(&r);
	}
}

static int read_keys(struct keyd *keyd, struct ring **out, char what[WHAT_SIZE])
{
	uint64_t generation = list_empty(&keyd->rings) ? 1 : keyd_ring(keyd)->generation + 1;
	int rc = ring_load(keyd->daemon->conf, generation, out, what, WHAT_SIZE);

	if (rc == 0 && !memory_guard(&keyd->memory))
		log_warn("memory-not-locked", "reason=\"RLIMIT_MEMLOCK is too low: keys could get into swap space\"");
	return rc;
}

/* Front ends hear of it. */
static void use_ring(struct keyd *keyd, struct ring *ring)
{
	struct ring *former = keyd_ring(keyd);

	former->unused_ms = clock_ms();
	list_prepend(&keyd->rings, &ring->link);
	log_info("keys", "generation=%lu clients=%zu servers=%zu", (unsigned long)ring->generation,
		ring->ids[KEY_FOR_CLIENTS].len / TLS_KEY_ID_SIZE, ring->ids[KEY_FOR_SERVERS].len / TLS_KEY_ID_SIZE);
	fronts_tell_keys(keyd);
}

static void on_reread(uv_timer_t *timer)
{
	struct keyd *keyd = timer->data;
	char what[WHAT_SIZE];
	struct ring *ring;

	if (read_keys(keyd, &ring, what) != 0)
		log_warn("keys-not-read", "reason=%s", LOG_LONG(what));
	else if (ring_equal(ring, keyd_ring(keyd)))
		ring_free(&ring);
	else
		use_ring(keyd, ring);
}

void keyd_lacks_key(struct keyd *keyd)
{
	uint64_t now = clock_ms();

	if (keyd->reread_ms != 0 && now - keyd->reread_ms < REREAD_MS)
		return;
	keyd->reread_ms = now;
	uv_timer_start(&keyd->reread, on_reread, 0, 0);
}

/* ---- the socket ------------------------------------------------------------------------------ */

static void find_uid(const char *daemon, uid_t *uid)
{
	gid_t gid;

	daemon_user(daemon, uid, &gid);
	if (*uid == (uid_t)-1)
		*uid = geteuid();
}

/* The front ends' users share a group, which opens this socket and nothing else. */
static int open_socket(struct keyd *keyd)
{
	struct daemon *d = keyd->daemon;
	const struct group *group = geteuid() == 0 ? getgrnam("bulkhead-sign") : NULL;
	struct server_socket spec = {.name = KEY_SOCKET,
		.server = "keyd",
		.type = SOCK_SEQPACKET,
		.uid = (uid_t)-1,
		.gid = group != NULL ? group->gr_gid : (gid_t)-1,
		.mode = geteuid() == 0 ? 0660 : 0600};
	char path[SERVER_PATH_SIZE];
	struct buf what = BUF_INIT;
	int rc = 0;

	if (geteuid() == 0 && group == NULL) {
		daemon_fail(d, "there is no group bulkhead-sign: make the users and groups with \"systemd-sysusers\" or "
			"\"bulkhead init\"");
		return BH_ECONFIG;
	}
	rc = server_socket_open(d->run_dir, &spec, path, &keyd->fd, &what);
	if (rc != 0)
		daemon_fail(d, "%.*s", STR_FMT(buf_str(&what)));
	buf_fini(&what);
	return rc;
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
	struct keyd *keyd = poll->data;

	(void)status, (void)events;
	for (unsigned i = 0; i < ACCEPTS_A_TURN; i++) {
		int fd = accept4(keyd->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		front_accept(keyd, fd);
	}
}

/* ---- life ------------------------------------------------------------------------------------ */

static void free_rings(struct keyd *keyd)
{
	list_for_each_safe(pos, &keyd->rings) {
		struct ring *r = container_of(pos, struct ring, link);

		ring_free(&r);
	}
}

int keyd_open(struct daemon *d)
{
	struct keyd *keyd = bh_alloc(sizeof *keyd);
	char what[WHAT_SIZE];
	struct ring *ring;
	int rc;

	keyd->daemon = d;
	list_init(&keyd->rings);
	list_init(&keyd->fronts);
	find_uid("c2sd", &keyd->uids[KEY_FOR_CLIENTS]);
	find_uid("s2sd", &keyd->uids[KEY_FOR_SERVERS]);
	keyd->rate = (unsigned)conf_number(d->conf, "keyd.rate");
	memory_prepare(&keyd->memory, d->memory_locked);
	d->state = keyd;
	rc = read_keys(keyd, &ring, what);
	if (rc != 0) {
		daemon_fail(d, "%s", what);
	} else {
		list_prepend(&keyd->rings, &ring->link);
		rc = open_socket(keyd);
	}
	if (rc == 0)
		return 0;
	free_rings(keyd);
	free(keyd);
	return rc;
}

/* ---- routerd --------------------------------------------------------------------------------- */

static const struct bus_handler handlers[] = {
	ORDER_HANDLERS,
	{BUS_STATS_GET, counter_answer},
	{0, NULL},
};

static void on_up(void *owner, const struct msg_welcome *welcome)
{
	(void)owner, (void)welcome;
	log_info("router-up", "role=keyd");
}

static void on_down(void *owner, const char *why)
{
	(void)owner;
	log_info("router-down", "reason=%s", LOG_TEXT(why));
}

static int start_bus(struct keyd *keyd)
{
	struct daemon *d = keyd->daemon;
	struct bus_client_spec spec = {
		.loop = d->loop,
		.role = ROLE_KEY,
		.run_dir = d->run_dir,
		.instance = d->instance,
		.software = BULKHEAD_VERSION,
		.configuration = d->configuration,
		.handlers = handlers,
		.owner = keyd,
		.on_up = on_up,
		.on_down = on_down,
	};

	return bus_client_start(&spec, &keyd->bus);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void on_minute(uv_timer_t *timer)
{
	struct keyd *keyd = timer->data;

	fronts_log_counts(keyd);
	free_old_rings(keyd);
}

static void on_share(uv_timer_t *timer)
{
	fronts_continue(timer->data);
}

void keyd_wait_for_share(struct keyd *keyd, unsigned ms)
{
	if (!uv_is_active((uv_handle_t *)&keyd->share) || uv_timer_get_due_in(&keyd->share) > ms)
		uv_timer_start(&keyd->share, on_share, ms, 0);
}

int keyd_start(struct daemon *d)
{
	struct keyd *keyd = d->state;
	int rc = uv_poll_init(d->loop, &keyd->listener, keyd->fd);

	if (rc == 0)
		rc = start_bus(keyd);
	if (rc != 0)
		return rc;
	uv_timer_init(d->loop, &keyd->minute);
	uv_timer_init(d->loop, &keyd->reread);
	uv_timer_init(d->loop, &keyd->share);
	keyd->handles = 5;
	keyd->listener.data = keyd->minute.data = keyd->reread.data = keyd->share.data = keyd;
	uv_timer_start(&keyd->minute, on_minute, MINUTE_MS, MINUTE_MS);
	log_info("listening", "socket=%s keys=%zu", KEY_SOCKET, keyd_ring(keyd)->by_id.count);
	return uv_poll_start(&keyd->listener, UV_READABLE, on_connection);
}

int keyd_prepare(struct daemon *d, void **prepared)
{
	char what[WHAT_SIZE];
	struct ring *ring;

	if (read_keys(d->state, &ring, what) != 0) {
		daemon_fail(d, "%s", what);
		return BH_ECONFIG;
	}
	*prepared = ring;
	return 0;
}

void keyd_adopt(struct daemon *d, void *prepared)
{
	struct keyd *keyd = d->state;
	struct ring *ring = prepared;

	keyd->rate = (unsigned)conf_number(d->conf, "keyd.rate");
	ring->generation = keyd_ring(keyd)->generation + 1; /* it may have read them itself, meanwhile */
	use_ring(keyd, ring);
}

void keyd_discard(struct daemon *d, void *prepared)
{
	struct ring *ring = prepared;

	(void)d;
	ring_free(&ring);
}

bool keyd_ask_reload(struct daemon *d)
{
	struct keyd *keyd = d->state;

	return reload_ask(bus_client_link(keyd->bus));
}

void keyd_handle_closed(struct keyd *keyd)
{
	struct daemon *d = keyd->daemon;

	if (--keyd->handles > 0)
		return;
	close(keyd->fd);
	free_rings(keyd);
	free(keyd);
	daemon_stopped(d);
}

static void on_handle_closed(uv_handle_t *handle)
{
	keyd_handle_closed(handle->data);
}

static void on_bus_stopped(void *arg)
{
	keyd_handle_closed(arg);
}

void keyd_stop(struct daemon *d)
{
	struct keyd *keyd = d->state;

	fronts_close(keyd);
	bus_client_stop(&keyd->bus, on_bus_stopped, keyd);
	uv_close((uv_handle_t *)&keyd->listener, on_handle_closed);
	uv_close((uv_handle_t *)&keyd->minute, on_handle_closed);
	uv_close((uv_handle_t *)&keyd->reread, on_handle_closed);
	uv_close((uv_handle_t *)&keyd->share, on_handle_closed);
}
