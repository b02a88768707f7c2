/* The connecting side of sockets in the file system. */
#include "bus/client_socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/rand.h"

enum { FIRST_MS = 5, LAST_MS = 1000, STEADY_MS = 250 };

int client_socket_connect(const struct sockaddr_un *address, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

uint64_t backoff_next(struct backoff *b)
{
	unsigned ms = b->ms != 0 ? b->ms : FIRST_MS;

	b->ms = ms * 2 < LAST_MS ? ms * 2 : LAST_MS;
	return ms + rand_u64() % (ms / 4 + 1);
}

void backoff_lived(struct backoff *b, uint64_t ms)
{
	if (ms >= STEADY_MS)
		b->ms = 0;
}
