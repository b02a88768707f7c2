/* Binding the sockets of routerd and keyd while still privileged. */
#include "bus/server_socket.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "bus/client_socket.h"

enum { BACKLOG = 128, UMASK = 0177 };

static void fill_address(struct sockaddr_un *addr, const char *path)
{
	*addr = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(addr->sun_path, sizeof addr->sun_path, "%s", path);
}

/* Does somebody listen there?  1, 0, or -errno.  A full backlog is somebody. */
static int is_listening(const struct sockaddr_un *addr, int type)
{
	int fd = client_socket_connect(addr, type);

	if (fd >= 0)
		close(fd);
	if (fd >= 0 || fd == -EAGAIN)
		return 1;
	return fd == -ECONNREFUSED || fd == -ENOENT ? 0 : fd;
}

/* Removes what an earlier process left behind, and nothing else. */
static int clear_stale(const struct sockaddr_un *addr, const struct server_socket *spec, struct buf *what)
{
	struct stat st;
	int rc;

	if (lstat(addr->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode)) {
		buf_printf(what, ": there is a file that is no socket");
		return BH_EEXIST;
	}
	rc = is_listening(addr, spec->type);
	if (rc > 0) {
		buf_printf(what, ": another %s is running", spec->server);
		return BH_EBUSY;
	}
	if (rc == 0 && unlink(addr->sun_path) < 0 && errno != ENOENT)
		rc = -errno;
	return rc;
}

static int set_owner(const char *path, const struct server_socket *spec)
{
	bool leave = spec->uid == (uid_t)-1 && spec->gid == (gid_t)-1;

	if (!leave && lchown(path, spec->uid, spec->gid) < 0)
		return -errno;
	return chmod(path, spec->mode) < 0 ? -errno : 0;
}

static int bind_closed(int fd, const struct sockaddr_un *addr)
{
	mode_t old = umask(UMASK);
	int rc = bind(fd, (const struct sockaddr *)addr, sizeof *addr) < 0 ? -errno : 0;

	umask(old);
	return rc;
}

static int bind_owned(int fd, const struct sockaddr_un *addr, const struct server_socket *spec)
{
	int rc = bind_closed(fd, addr);

	if (rc < 0)
		return rc;
	rc = set_owner(addr->sun_path, spec);
	if (rc == 0 && listen(fd, BACKLOG) < 0)
		rc = -errno;
	if (rc < 0)
		unlink(addr->sun_path);
	return rc;
}

int server_socket_open(const char *run_dir, const struct server_socket *spec,
	char path[SERVER_PATH_SIZE], int *fd, struct buf *what)
{
	struct sockaddr_un addr;
	int rc, s;

	buf_printf(what, "%s/%s", run_dir, spec->name);
	if (snprintf(path, SERVER_PATH_SIZE, "%s/%s", run_dir, spec->name) >= SERVER_PATH_SIZE) {
		buf_printf(what, ": longer than %d bytes", SERVER_PATH_SIZE - 1);
		return BH_ETOOBIG;
	}
	fill_address(&addr, path);
	rc = clear_stale(&addr, spec, what);
	if (rc < 0)
		return rc;
	s = socket(AF_UNIX, spec->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s < 0)
		return -errno;
	rc = bind_owned(s, &addr, spec);
	if (rc < 0)
		close(s);
	else
		*fd = s;
	return rc;
}
