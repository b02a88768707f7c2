/* Connecting, and waiting before the next time. */
#include "bus/client_socket.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/rand.h"

enum {
	WAIT_FIRST_MS = 5,
	WAIT_LAST_MS = 1000,
	STEADY_MS = 250, /* a connection that was up for so long was a success */
	REASON_SIZE = 160,
};

static void on_timer(uv_timer_t *timer);

static void retry_later(struct client_socket *s)
{
	uint64_t jitter = rand_u64() % (s->wait_ms / 4 + 1);

	uv_timer_start(&s->timer, on_timer, s->wait_ms + jitter, 0);
	s->wait_ms *= 2;
	if (s->wait_ms > WAIT_LAST_MS)
		s->wait_ms = WAIT_LAST_MS;
}

/* A connect() to a UNIX-domain socket is over at once, one way or the other. */
static int connect_socket(const struct client_socket *s)
{
	int fd = socket(AF_UNIX, s->spec.type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&s->address, sizeof s->address) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static void on_timer(uv_timer_t *timer)
{
	struct client_socket *s = timer->data;
	char why[sizeof s->address.sun_path + REASON_SIZE];
	int rc = connect_socket(s);

	if (rc >= 0)
		rc = s->spec.connected(s, rc);
	if (rc >= 0)
		return;
	snprintf(why, sizeof why, "%s: %s", s->address.sun_path, bh_strerror(rc));
	retry_later(s);
	s->spec.failed(s, why);
}

int client_socket_start(struct client_socket *s, const struct client_socket_spec *spec, uv_loop_t *loop, const char *run_dir,
	const char *name)
{
	int n;

	*s = (struct client_socket){.spec = *spec, .address.sun_family = AF_UNIX, .wait_ms = WAIT_FIRST_MS};
	n = snprintf(s->address.sun_path, sizeof s->address.sun_path, "%s/%s", run_dir, name);
	if (n >= (int)sizeof s->address.sun_path)
		return BH_ETOOBIG;
	uv_timer_init(loop, &s->timer);
	s->timer.data = s;
	return uv_timer_start(&s->timer, on_timer, 0, 0);
}

void client_socket_up(struct client_socket *s)
{
	s->up = true;
	s->up_since = uv_now(s->timer.loop);
}

void client_socket_lost(struct client_socket *s)
{
	if (s->up && uv_now(s->timer.loop) - s->up_since >= STEADY_MS)
		s->wait_ms = WAIT_FIRST_MS;
	s->up = false;
	retry_later(s);
}

static void on_closed(uv_handle_t *timer)
{
	struct client_socket *s = timer->data;

	s->stopped(s);
}

void client_socket_stop(struct client_socket *s, void (*stopped)(struct client_socket *s))
{
	s->stopped = stopped;
	uv_close((uv_handle_t *)&s->timer, on_closed);
}
