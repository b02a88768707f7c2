/* keyd's process by its socket. */
#include "ctl/keyd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "conf/conf.h"
#include "key/frame.h"

/* Who listens there, negative errno when nobody does. */
static int listener_of(const struct sockaddr_un *address)
{
	struct ucred who = {.pid = 0};
	socklen_t len = sizeof who;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), rc = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 ||
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0)
		rc = -errno;
	close(fd);
	return rc != 0 ? rc : who.pid;
}

static int find_address(const struct ctl *ctl, struct sockaddr_un *address)
{
	struct conf *conf = NULL;
	int rc = load_conf(ctl, &conf);

	if (rc != EXIT_OK)
		return rc;
	snprintf(address->sun_path, sizeof address->sun_path, "%s/%s", conf_text(conf, "run_dir"), KEY_SOCKET);
	conf_free(&conf);
	return EXIT_OK;
}

static int wait_for_another(const struct ctl *ctl, const struct sockaddr_un *address, int before, unsigned seconds)
{
	const struct timespec pause = {.tv_nsec = 50000000};
	uint64_t until = clock_ms() + (uint64_t)seconds * 1000;

	for (;;) {
		int now = listener_of(address);

		if (now > 0 && now != before)
			break;
		if (clock_ms() >= until)
			return complain(EXIT_TEMPORARY, "keyd is not back after %u s", seconds);
		nanosleep(&pause, NULL);
	}
	tell(ctl, "it is back");
	return EXIT_OK;
}

int keyd_restart(const struct ctl *ctl, unsigned seconds)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int rc = find_address(ctl, &address), pid;

	if (rc != EXIT_OK)
		return rc;
	if (ctl->read_only)
		return complain(EXIT_NOT_AUTHORISED, "restart changes something");
	pid = listener_of(&address);
	if (pid == -EACCES || pid == -EPERM || (pid > 0 && kill(pid, 0) != 0 && errno == EPERM))
		return complain(EXIT_NOT_AUTHORISED, "only root may restart keyd, which takes no orders from other daemons; "
			"with systemd: systemctl restart bulkhead-keyd");
	if (pid <= 0)
		return complain(EXIT_NOT_RUNNING, "keyd is not running: nobody listens at %s", address.sun_path);
	if (kill(pid, SIGTERM) != 0)
		return complain(EXIT_FAILED, "keyd: %s", strerror(errno));
	return wait_for_another(ctl, &address, pid, seconds);
}
