/* The clients, by OpenSSL and epoll. */
#include "tests/bench/handshake/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"

struct client {
	SSL *tls;
	int fd;
	uint32_t events;
};

struct load {
	SSL_CTX *context;
	int epoll;
	uint16_t port;
	const char *domain;
	long done, failed;
};

/* Gone without a trace: so many connections would use up the ports. */
static int open_socket(uint16_t port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	const struct linger at_once = {.l_onoff = 1};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

static void begin(struct load *l, struct client *c)
{
	struct epoll_event ev = {.events = EPOLLOUT, .data.ptr = c};

	c->fd = open_socket(l->port);
	if (c->fd < 0) {
		l->failed++;
		return;
	}
	c->tls = SSL_new(l->context);
	SSL_set_tlsext_host_name(c->tls, l->domain);
	SSL_set_connect_state(c->tls);
	SSL_set_fd(c->tls, c->fd);
	c->events = EPOLLOUT;
	epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &ev);
}

static void end(struct client *c)
{
	if (c->tls != NULL)
		SSL_free(c->tls);
	if (c->fd >= 0)
		close(c->fd);
	*c = (struct client){.fd = -1};
}

static void go_on(struct load *l, struct client *c)
{
	int rc = SSL_do_handshake(c->tls), error = SSL_get_error(c->tls, rc);
	struct epoll_event ev = {.events = error == SSL_ERROR_WANT_WRITE ? EPOLLOUT : EPOLLIN, .data.ptr = c};

	if (rc != 1 && (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)) {
		if (ev.events != c->events)
			epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->fd, &ev);
		c->events = ev.events;
		return;
	}
	if (rc == 1)
		l->done++;
	else
		l->failed++;
	end(c);
	begin(l, c);
}

static void run_until(struct load *l, uint64_t end_ns)
{
	struct epoll_event events[256];

	while (clock_ns() < end_ns && l->failed == 0) {
		int n = epoll_wait(l->epoll, events, 256, 100);

		for (int i = 0; i < n; i++)
			go_on(l, events[i].data.ptr);
	}
}

long load_run(uint16_t port, const char *domain, unsigned at_a_time, double seconds)
{
	struct load l = {.context = SSL_CTX_new(TLS_client_method()), .port = port, .domain = domain,
		.epoll = epoll_create1(EPOLL_CLOEXEC)};
	struct client *clients = bh_alloc(at_a_time * sizeof *clients);

	SSL_CTX_set_session_cache_mode(l.context, SSL_SESS_CACHE_OFF);
	for (unsigned i = 0; i < at_a_time; i++)
		begin(&l, &clients[i]);
	run_until(&l, clock_ns() + (uint64_t)(seconds * 1e9));
	for (unsigned i = 0; i < at_a_time; i++)
		end(&clients[i]);
	free(clients);
	close(l.epoll);
	SSL_CTX_free(l.context);
	if (l.failed > 0)
		fprintf(stderr, "handshakes: a handshake has failed\n");
	return l.failed > 0 ? -1 : l.done;
}
