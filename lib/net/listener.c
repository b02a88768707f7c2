/* Listening sockets; accept is called by ourselves, so that its number per turn has a bound. */
#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/decimal.h"
#include "base/err.h"
#include "net/address.h"

enum {
	BACKLOG = 4096,
	/* With no descriptor free, connections wait in the backlog for this long. */
	RETRY_MS = 100,
};

struct listener {
	int fd;
	bool started;
	unsigned handles; /* not yet closed */
	bool released;	  /* by the owner */
	unsigned burst;
	uv_poll_t poll;
	uv_timer_t retry;
	void (*on_connection)(void *owner, int fd);
	void *owner;
	char text[ADDRESS_TEXT_SIZE];
};

struct target {
	struct sockaddr_storage addr;
	socklen_t len;
	bool both; /* "*": one socket for both families */
};

static void set_any_v6(struct target *t, uint16_t port)
{
	struct sockaddr_in6 *in6 = (void *)&t->addr;

	*in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
	t->len = sizeof *in6;
}

static void set_any_v4(struct target *t, uint16_t port)
{
	struct sockaddr_in *in = (void *)&t->addr;

	*in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
	t->len = sizeof *in;
}

static uint16_t port_of(const struct target *t)
{
	return ntohs(((const struct sockaddr_in6 *)(const void *)&t->addr)->sin6_port);
}

static bool parse_host(const char *host, uint16_t port, struct target *t)
{
	struct sockaddr_in6 *in6 = (void *)&t->addr;
	size_t n = strlen(host);
	char ip[INET6_ADDRSTRLEN];

	if (strcmp(host, "*") == 0) {
		set_any_v6(t, port);
		t->both = true;
		return true;
	}
	if (host[0] != '[') {
		struct sockaddr_in *in = (void *)&t->addr;

		set_any_v4(t, port);
		return inet_pton(AF_INET, host, &in->sin_addr) == 1;
	}
	if (n < 2 || host[n - 1] != ']' || n - 2 >= sizeof ip)
		return false;
	memcpy(ip, host + 1, n - 2);
	ip[n - 2] = '\0';
	set_any_v6(t, port);
	return inet_pton(AF_INET6, ip, &in6->sin6_addr) == 1;
}

static bool parse_target(const char *address, struct target *t)
{
	char host[INET6_ADDRSTRLEN + 2];
	const char *colon = strrchr(address, ':');
	uint64_t port;
	size_t n;

	if (colon == NULL || colon == address || !decimal_read(str_of(colon + 1), UINT16_MAX, &port))
		return false;
	n = (size_t)(colon - address);
	if (n >= sizeof host)
		return false;
	memcpy(host, address, n);
	host[n] = '\0';
	return parse_host(host, (uint16_t)port, t);
}

/* A listening descriptor or -errno. */
static int listen_on(const struct target *t)
{
	int family = t->addr.ss_family, on = 1, only = t->both ? 0 : 1, rc;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0 ||
		(family == AF_INET6 &&
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) < 0) ||
		bind(fd, (const struct sockaddr *)&t->addr, t->len) < 0 ||
		listen(fd, BACKLOG) < 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

static bool no_ipv6(int rc)
{
	return rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL;
}

static void name_bound(struct listener *l)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	struct address a = {0};

	if (getsockname(l->fd, (struct sockaddr *)&ss, &len) == 0)
		address_from_sockaddr((const struct sockaddr *)&ss, &a);
	address_text_port(&a, l->text);
}

int listener_open(const char *address, struct listener **out, char *what, size_t what_size)
{
	struct target t = {0};
	struct listener *l;
	int fd;

	if (!parse_target(address, &t)) {
		snprintf(what, what_size,
			"cannot listen on %s: not an address like 192.0.2.1:5222, [::]:5222 or "
			"*:5222",
			address);
		return BH_EINVAL;
	}
	fd = listen_on(&t);
	if (t.both && no_ipv6(fd)) {
		set_any_v4(&t, port_of(&t));
		fd = listen_on(&t);
	}
	if (fd < 0) {
		int at = snprintf(what, what_size, "cannot listen on %s: ", address);

		snprintf(what + at, (size_t)at < what_size ? what_size - (size_t)at : 0, "%s",
			bh_strerror(fd));
		if ((size_t)at < what_size && what[at] >= 'A' && what[at] <= 'Z')
			what[at] = (char)(what[at] - 'A' + 'a');
		return fd;
	}
	l = bh_alloc(sizeof *l);
	l->fd = fd;
	name_bound(l);
	*out = l;
	return 0;
}

static void on_readable(uv_poll_t *poll, int status, int events);

static void on_retry(uv_timer_t *timer)
{
	struct listener *l = timer->data;

	uv_poll_start(&l->poll, UV_READABLE, on_readable);
}

/* Errors of one connection, which accept(2) reports as its own. */
static bool is_passing(int error)
{
	switch (error) {
	case EINTR:
	case ECONNABORTED:
	case EPROTO:
	case EPERM:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case EOPNOTSUPP:
		return true;
	default:
		return false;
	}
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct listener *l = poll->data;

	(void)status;
	(void)events;
	for (unsigned i = 0; i < l->burst && l->fd >= 0; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			l->on_connection(l->owner, fd);
		} else if (errno == EAGAIN) {
			return;
		} else if (!is_passing(errno)) {
			uv_poll_stop(&l->poll);
			uv_timer_start(&l->retry, on_retry, RETRY_MS, 0);
			return;
		}
	}
}

int listener_start(struct listener *l, uv_loop_t *loop, unsigned burst,
	void (*on_connection)(void *owner, int fd), void *owner)
{
	int rc = uv_poll_init(loop, &l->poll, l->fd);

	if (rc < 0)
		return rc;
	uv_timer_init(loop, &l->retry);
	l->started = true;
	l->handles = 2;
	l->poll.data = l;
	l->retry.data = l;
	l->burst = burst > 0 ? burst : 1;
	l->on_connection = on_connection;
	l->owner = owner;
	return uv_poll_start(&l->poll, UV_READABLE, on_readable);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct listener *l = handle->data;

	if (--l->handles == 0 && l->released)
		free(l);
}

void listener_stop(struct listener *l)
{
	if (l->fd < 0)
		return;
	if (l->started) {
		uv_close((uv_handle_t *)&l->poll, on_handle_closed);
		uv_close((uv_handle_t *)&l->retry, on_handle_closed);
	}
	close(l->fd);
	l->fd = -1;
}

void listener_close(struct listener **listener)
{
	struct listener *l = *listener;

	if (l == NULL)
		return;
	*listener = NULL;
	listener_stop(l);
	l->released = true;
	if (l->handles == 0)
		free(l);
}

const char *listener_address(const struct listener *l)
{
	return l->text;
}
