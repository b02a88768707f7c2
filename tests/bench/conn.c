/* One client connection: non-blocking socket, OpenSSL on top of it, one write per turn. */
#include "tests/bench/conn.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "tests/bench/load.h"
#include "tests/bench/login.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WOULD_BLOCK = -1, BROKEN = -2 };

static void watch(struct conn *c, uint32_t events, int op)
{
	struct epoll_event ev = {.events = events, .data.ptr = c};

	if (c->events == events)
		return;
	c->events = events;
	epoll_ctl(c->load->epoll, op, c->fd, &ev);
}

/* A socket bound to one of several loopback addresses: a port pair is used once only. */
static int make_socket(const struct options *o, const char *host, unsigned number)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	from.sin_addr.s_addr = htonl(0x7f000101U + o->source + number % o->sources);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (strncmp(host, "127.", 4) == 0)
		(void)bind(fd, (struct sockaddr *)&from, sizeof(from));
	return fd;
}

const struct target *conn_target(const struct load *load, unsigned number)
{
	bool other = load->o->other.port != 0 && (number + number / 2) % 2 == 1;

	return other ? &load->o->other : &load->o->server;
}

static int connect_to(int fd, const struct target *t)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)t->port)};

	if (inet_pton(AF_INET, t->host, &to.sin_addr) != 1) {
		errno = EINVAL;
		return -1;
	}
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS)
		return -1;
	return 0;
}

struct conn *conn_open(struct load *load, unsigned number)
{
	const struct target *target = conn_target(load, number);
	struct conn *c;
	int fd = make_socket(load->o, target->host, number);

	if (fd < 0 || connect_to(fd, target) < 0) {
		fprintf(stderr, "xmppload: connection %u: %s\n", number, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	c = bh_alloc(sizeof(*c));
	c->load = load;
	c->number = number;
	c->since = clock_ns();
	c->account = load->mode->account != NULL ? load->mode->account(load, number)
						 : number % load->o->accounts;
	c->fd = fd;
	watch(c, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
	if (load->mode->connected == NULL)
		login_start(c);
	return c;
}

void conn_free(struct conn **conn)
{
	struct conn *c = *conn;

	SSL_free(c->tls);
	login_free(&c->login);
	buf_fini(&c->in);
	buf_fini(&c->out);
	free(c->jid);
	free(c);
	*conn = NULL;
}

void conn_kill(struct conn *c, const char *why)
{
	if (c->dead)
		return;
	c->dead = true;
	close(c->fd);
	c->next_dead = c->load->dead;
	c->load->dead = c;
	if (c->login != NULL)
		login_failed(c, why);
	else
		c->load->mode->gone(c, c->closing ? NULL : why);
}

struct buf *conn_out(struct conn *c)
{
	if (!c->dirty && !c->dead) {
		c->dirty = true;
		c->next_dirty = c->load->dirty;
		c->load->dirty = c;
	}
	return &c->out;
}

void conn_close(struct conn *c)
{
	c->closing = true;
	buf_put_lit(conn_out(c), "</stream:stream>");
}

/* Bytes written, WOULD_BLOCK or BROKEN. */
static int tls_result(struct conn *c, int n)
{
	if (n > 0)
		return n;
	switch (SSL_get_error(c->tls, n)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return WOULD_BLOCK;
	default:
		ERR_clear_error();
		return BROKEN;
	}
}

static int plain_result(ssize_t n)
{
	if (n > 0)
		return (int)n;
	return n < 0 && errno == EAGAIN ? WOULD_BLOCK : BROKEN;
}

static int transport_write(struct conn *c, const void *data, size_t len)
{
	if (c->tls != NULL)
		return tls_result(c, SSL_write(c->tls, data, (int)len));
	return plain_result(send(c->fd, data, len, MSG_NOSIGNAL));
}

static int transport_read(struct conn *c, void *data, size_t len)
{
	if (c->tls != NULL)
		return tls_result(c, SSL_read(c->tls, data, (int)len));
	return plain_result(recv(c->fd, data, len, 0));
}

/* How much goes into the next record: one message, as clients write them.  All that is due in
 * one record would spare a server that batches most of its work, and measure something else. */
static size_t record_size(const struct conn *c)
{
	static const char end[] = "</message>";
	const char *from = (const char *)c->out.data + c->out_done;
	size_t left = c->out.len - c->out_done;
	const char *found;

	if (c->load->o->coalesce)
		return left;
	found = memmem(from, left, end, sizeof(end) - 1);
	return found != NULL ? (size_t)(found - from) + sizeof(end) - 1 : left;
}

/* Hands the gathered records to the kernel: 0, WOULD_BLOCK or BROKEN. */
static int push_records(struct conn *c)
{
	BIO *out = c->tls != NULL ? SSL_get_wbio(c->tls) : NULL;

	if (out == NULL || BIO_flush(out) > 0)
		return 0;
	return BIO_should_retry(out) ? WOULD_BLOCK : BROKEN;
}

void conn_flush(struct conn *c)
{
	int n = 0;

	if (c->dead || !c->connected || c->handshaking)
		return;
	while (n >= 0 && c->out_done < c->out.len) {
		n = transport_write(c, c->out.data + c->out_done, record_size(c));
		if (n > 0)
			c->out_done += (size_t)n;
	}
	if (n >= 0)
		n = push_records(c);
	if (n == BROKEN) {
		conn_kill(c, "the server closed the connection");
		return;
	}
	watch(c, n == WOULD_BLOCK ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
	if (n == WOULD_BLOCK)
		return;
	buf_clear(&c->out);
	c->out_done = 0;
	if (c->closing) {
		SSL_shutdown(c->tls);
		(void)push_records(c);
	}
}

static void handshake(struct conn *c)
{
	int n = tls_result(c, SSL_do_handshake(c->tls));

	if (n == BROKEN) {
		conn_kill(c, "the TLS handshake failed");
		return;
	}
	if (n == WOULD_BLOCK) {
		watch(c, SSL_want_write(c->tls) ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
		return;
	}
	c->handshaking = false;
	if (c->login != NULL)
		login_secured(c);
	else
		c->load->mode->secured(c);
}

void conn_start_tls(struct conn *c)
{
	/* What is written gathers in front of the socket: many records, one system call. */
	BIO *out = BIO_push(BIO_new(BIO_f_buffer()), BIO_new_socket(c->fd, BIO_NOCLOSE));

	c->tls = SSL_new(c->load->tls);
	SSL_set_bio(c->tls, BIO_new_socket(c->fd, BIO_NOCLOSE), out);
	SSL_set_tlsext_host_name(c->tls, conn_target(c->load, c->number)->domain);
	SSL_set_connect_state(c->tls);
	c->handshaking = true;
	handshake(c);
}

static size_t consume(struct conn *c, const char *data, size_t len)
{
	if (c->closing)
		return len;
	return c->login != NULL ? login_data(c, data, len) : c->load->mode->data(c, data, len);
}

/* Gives what was kept and the new bytes to the login or the mode, and keeps the rest. */
static void digest(struct conn *c, char *data, size_t len)
{
	size_t used = consume(c, data, len);

	if (c->dead)
		return;
	if (len - used > LOAD_SCRATCH / 2) {
		conn_kill(c, "the server sent an endless stanza");
		return;
	}
	buf_clear(&c->in);
	if (used < len)
		buf_put(&c->in, data + used, len - used);
	else if (c->in.cap > 0 && c->login == NULL)
		buf_fini(&c->in);
}

/* Reads what has arrived: one system call in the common case, since reading again only to
 * hear EAGAIN would cost as much. */
static void receive(struct conn *c)
{
	char *at = c->load->scratch;
	size_t len = c->in.len;
	int n;

	if (len > 0)
		memcpy(at, c->in.data, len);
	do {
		n = transport_read(c, at + len, LOAD_SCRATCH - len);
		if (n > 0)
			len += (size_t)n;
	} while (n > 0 && c->tls != NULL && SSL_has_pending(c->tls) && len < LOAD_SCRATCH);
	if (len > c->in.len)
		digest(c, at, len);
	if (n == BROKEN)
		conn_kill(c, "the server closed the connection");
}

static void connected(struct conn *c)
{
	int error = 0;
	socklen_t size = sizeof(error);

	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error != 0) {
		conn_kill(c, strerror(error));
		return;
	}
	c->connected = true;
	if (c->login == NULL)
		c->load->mode->connected(c);
	conn_flush(c);
}

void conn_event(struct conn *c, uint32_t events)
{
	if (c->dead)
		return;
	if (!c->connected)
		connected(c);
	else if (c->handshaking)
		handshake(c);
	else if ((events & ~(uint32_t)EPOLLOUT) != 0)
		receive(c);
	if ((events & EPOLLOUT) != 0 && !c->dead)
		conn_flush(c);
}
