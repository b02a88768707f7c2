/* Acts with sockets. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/breach/acts.h"

enum { MPTCP = 262 };

static int done(int fd, int rc)
{
	if (fd >= 0)
		close(fd);
	return fd >= 0 ? rc : -1;
}

static struct sockaddr_in here(const char *port)
{
	return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int connect_inet(const char *port, int type, int protocol)
{
	struct sockaddr_in to = here(port);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, protocol);

	return done(fd, fd >= 0 ? connect(fd, (struct sockaddr *)&to, sizeof to) : -1);
}

static int connect_tcp(const char *port)
{
	return connect_inet(port, SOCK_STREAM, 0);
}

static int connect_mptcp(const char *port)
{
	return connect_inet(port, SOCK_STREAM, MPTCP);
}

static int send_udp(const char *port)
{
	struct sockaddr_in to = here(port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return done(fd, fd >= 0 ? (int)sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof to) : -1);
}

static int bind_inet(int type)
{
	struct sockaddr_in any = here("0");
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	return done(fd, fd >= 0 ? bind(fd, (struct sockaddr *)&any, sizeof any) : -1);
}

static int bind_tcp(const char *arg)
{
	(void)arg;
	return bind_inet(SOCK_STREAM);
}

static int bind_udp(const char *arg)
{
	(void)arg;
	return bind_inet(SOCK_DGRAM);
}

static int listen_tcp(const char *arg)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)arg;
	return done(fd, fd >= 0 ? listen(fd, 1) : -1); /* at a port that the kernel chooses */
}

static int connect_unix(const char *name, size_t n, int type)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	memcpy(to.sun_path, name, n);
	if (name[0] == '@')
		to.sun_path[0] = '\0';
	return done(fd, fd >= 0 ? connect(fd, (struct sockaddr *)&to, size) : -1);
}

static int join_stream(const char *path)
{
	return connect_unix(path, strlen(path), SOCK_STREAM);
}

static int join_packets(const char *path)
{
	return connect_unix(path, strlen(path), SOCK_SEQPACKET);
}

static int make_family(int family, int type)
{
	return done(socket(family, type | SOCK_CLOEXEC, 0), 0);
}

static int make_netlink(const char *arg)
{
	(void)arg;
	return make_family(AF_NETLINK, SOCK_RAW);
}

static int make_packet(const char *arg)
{
	(void)arg;
	return make_family(AF_PACKET, SOCK_RAW);
}

static int make_vsock(const char *arg)
{
	(void)arg;
	return make_family(AF_VSOCK, SOCK_STREAM);
}

static int make_alg(const char *arg)
{
	(void)arg;
	return make_family(AF_ALG, SOCK_SEQPACKET);
}

static int make_raw(const char *arg)
{
	(void)arg;
	return done(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP), 0);
}

static int make_bluetooth(const char *arg)
{
	(void)arg;
	return make_family(AF_BLUETOOTH, SOCK_RAW);
}

static int filter_packets(const char *arg)
{
	(void)arg;
	return setsockopt(STDERR_FILENO, SOL_SOCKET, SO_ATTACH_FILTER, "", 0);
}

const struct act acts_sockets[] = {
	{"connect TCP", connect_tcp},
	{"connect MPTCP", connect_mptcp},
	{"send UDP", send_udp},
	{"bind TCP", bind_tcp},
	{"bind UDP", bind_udp},
	{"listen TCP", listen_tcp},
	{"connect", join_stream},
	{"connect SEQPACKET", join_packets},
	{"AF_NETLINK", make_netlink},
	{"AF_PACKET", make_packet},
	{"AF_VSOCK", make_vsock},
	{"AF_ALG", make_alg},
	{"AF_BLUETOOTH", make_bluetooth},
	{"SOCK_RAW", make_raw},
	{"setsockopt SO_ATTACH_FILTER", filter_packets},
	{NULL, NULL},
};
