/* Readiness, for systemd or for our own supervisor (sd_notify(3)): datagrams over a socket that is
 * connected before the process is confined, and so needs no right to make one. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/private.h"

static int notify_fd = -1;

/* A path, or @ and an abstract name. */
static bool read_address(const char *text, struct sockaddr_un *out, socklen_t *len)
{
	size_t n = strlen(text);

	if ((text[0] != '/' && text[0] != '@') || n < 2 || n >= sizeof out->sun_path)
		return false;
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(out->sun_path, text, n);
	if (text[0] == '@')
		out->sun_path[0] = '\0';
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return true;
}

void notify_open(void)
{
	const char *text = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address;
	socklen_t len;

	if (text == NULL || !read_address(text, &address, &len))
		return;
	notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify_fd < 0 || connect(notify_fd, (struct sockaddr *)&address, len) == 0)
		return;
	close(notify_fd);
	notify_fd = -1;
}

/* Whoever does not listen any more need not know. */
static void tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void tell(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	while (notify_fd >= 0 && send(notify_fd, text, strlen(text), MSG_NOSIGNAL) < 0 && errno == EINTR)
		continue;
}

void notify_ready(void)
{
	tell("READY=1");
}

void notify_reloading(void)
{
	tell("RELOADING=1\nMONOTONIC_USEC=%lu", (unsigned long)(clock_ns() / 1000));
}

void notify_stopping(void)
{
	tell("STOPPING=1");
}

void daemon_tell_configuration(const char *digest)
{
	tell("X_BULKHEAD_CONFIGURATION=%s", digest);
}

void daemon_status(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	tell("STATUS=%s", text);
}
