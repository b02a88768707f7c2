/* Standard error without waiting: by a description of our own, MSG_DONTWAIT, or a look before. */
#include "daemon/errout.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM = 1 << 20 /* of a pipe, for a reader that is slow and not gone */ };

/* As write(2). */
typedef ssize_t put_fn(const char *p, size_t n);

static ssize_t put_plain(const char *p, size_t n);

static struct {
	put_fn *put;
	int own; /* non-blocking, and nobody's else; or negative */
	bool cut; /* the last line has no end */
} state = {.put = put_plain, .own = -1};

static ssize_t put_plain(const char *p, size_t n)
{
	return write(STDERR_FILENO, p, n);
}

static ssize_t put_own(const char *p, size_t n)
{
	return write(state.own, p, n);
}

static ssize_t put_to_socket(const char *p, size_t n)
{
	return send(STDERR_FILENO, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A pipe that has any room has PIPE_BUF of it.  Others may take that in between: nothing better can be had here. */
static ssize_t put_with_a_look(const char *p, size_t n)
{
	struct pollfd look = {.fd = STDERR_FILENO, .events = POLLOUT};

	if (poll(&look, 1, 0) > 0)
		return write(STDERR_FILENO, p, n);
	errno = EAGAIN;
	return -1;
}

static put_fn *way_of(mode_t mode)
{
	if (S_ISSOCK(mode))
		return put_to_socket;
	if (!S_ISFIFO(mode) && !S_ISCHR(mode))
		return put_plain;
	if (S_ISFIFO(mode) && fcntl(STDERR_FILENO, F_GETPIPE_SZ) < ROOM)
		(void)fcntl(STDERR_FILENO, F_SETPIPE_SZ, ROOM);
	state.own = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return state.own >= 0 ? put_own : put_with_a_look;
}

void errout_open(void)
{
	struct stat st;

	if (state.own >= 0)
		close(state.own);
	state.own = -1;
	state.cut = false;
	state.put = fstat(STDERR_FILENO, &st) == 0 ? way_of(st.st_mode) : put_plain;
}

int errout_put(const char *line, size_t size)
{
	ssize_t done;

	if (state.cut && state.put("\n", 1) != 1)
		return -EAGAIN;
	state.cut = false;
	done = state.put(line, size);
	if (done < 0)
		return -errno;
	state.cut = (size_t)done < size;
	return state.cut ? -EAGAIN : 0;
}
