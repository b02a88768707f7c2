/* The way in: a daemon that was linked with this connects, before its main(), to whoever BULKHEAD_BREACH
 * names, and from then on does what it is told there.  Until "go" in processes of their own, as control;
 * afterwards, confined, at SIGUSR2, in itself. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/breach/acts.h"

enum { ORDER_MAX = 512 };

static int fd = -1;

/* "name\nargument" */
static int obey(char *order)
{
	char *arg = strchr(order, '\n');
	const struct act *act;

	if (arg != NULL)
		*arg++ = '\0';
	act = act_find(order);
	errno = ENOSYS;
	return act != NULL && arg != NULL ? act->run(arg) : -1;
}

static void answer(int error)
{
	if (send(fd, &error, sizeof error, MSG_NOSIGNAL) < 0)
		_exit(1);
}

static void on_order(int number)
{
	char order[ORDER_MAX];
	ssize_t n = recv(fd, order, sizeof order - 1, MSG_DONTWAIT);
	int saved = errno;

	(void)number;
	if (n > 0) {
		order[n] = '\0';
		answer(obey(order) >= 0 ? 0 : errno);
	}
	errno = saved;
}

/* An act that becomes another program ends with its 0. */
static void try_first(char *order)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(obey(order) >= 0 ? 0 : errno);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		_exit(1);
	answer(WIFEXITED(status) ? WEXITSTATUS(status) : EINTR);
}

__attribute__((constructor)) static void breach(void)
{
	const char *path = getenv("BULKHEAD_BREACH");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	char order[ORDER_MAX];
	ssize_t n;

	if (path == NULL)
		return;
	snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		_exit(1);
	while ((n = recv(fd, order, sizeof order - 1, 0)) > 0) {
		order[n] = '\0';
		if (strcmp(order, "go") == 0)
			break;
		try_first(order);
	}
	signal(SIGUSR2, on_order);
}
