/* A loopback port or a Unix socket. */
#include "metricsd/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"

enum { BACKLOG = 16, HOST_SIZE = 64 };

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

static bool parse_port(const char *text, in_port_t *port)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*port = htons((uint16_t)n);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && n <= UINT16_MAX;
}

static bool is_loopback(const union address *a)
{
	if (a->any.sa_family == AF_INET)
		return ntohl(a->in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr);
}

/* "127.0.0.1:9287" or "[::1]:9287" */
static bool parse(const char *where, union address *a, socklen_t *len)
{
	const char *colon = strrchr(where, ':');
	bool six = where[0] == '[' && colon > where + 1 && colon[-1] == ']';
	char host[HOST_SIZE];

	if (colon == NULL || colon - where >= HOST_SIZE)
		return false;
	snprintf(host, sizeof host, "%.*s", (int)(colon - where) - 2 * six, where + six);
	*a = (union address){.any.sa_family = six ? AF_INET6 : AF_INET};
	*len = six ? sizeof a->in6 : sizeof a->in;
	return parse_port(colon + 1, six ? &a->in6.sin6_port : &a->in.sin_port) &&
		inet_pton(a->any.sa_family, host, six ? (void *)&a->in6.sin6_addr : (void *)&a->in.sin_addr) == 1;
}

/* A listening descriptor, or -errno. */
static int listen_at(const union address *a, socklen_t len)
{
	int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, rc;

	if (fd < 0)
		return -errno;
	if (a->any.sa_family != AF_UNIX)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, &a->any, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static int open_path(const char *path)
{
	union address a = {.un.sun_family = AF_UNIX};
	const size_t len = strlen(path);
	struct stat st;
	int fd;

	if (len >= sizeof a.un.sun_path)
		return -ENAMETOOLONG;
	memcpy(a.un.sun_path, path, len + 1);
	/* Of an earlier run; nothing else is removed. */
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
	fd = listen_at(&a, sizeof a.un);
	if (fd >= 0)
		(void)chmod(path, 0666);
	return fd;
}

int listen_open(const char *where, char *what, size_t what_size)
{
	union address a;
	socklen_t len;
	int rc;

	if (where[0] == '/') {
		rc = open_path(where);
	} else if (!parse(where, &a, &len)) {
		snprintf(what, what_size, "metrics.listen: \"%s\" is no address such as 127.0.0.1:9287, and no path", where);
		return BH_ECONFIG;
	} else if (!is_loopback(&a)) {
		snprintf(what, what_size, "metrics.listen: %s can be reached by others, who are not asked who they are: "
			"use 127.0.0.1 or a path, and put a proxy before it", where);
		return BH_ECONFIG;
	} else {
		rc = listen_at(&a, len);
	}
	if (rc < 0)
		snprintf(what, what_size, "cannot listen on %s: %s", where, bh_strerror(rc));
	return rc;
}
