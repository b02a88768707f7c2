/* `log level`: routerd knows all daemons but keyd, which is asked on a socket of its own. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "bus/textlist.h"
#include "conf/conf.h"
#include "ctl/ctl.h"
#include "ctl/query.h"
#include "key/frame.h"

enum { PATIENCE_S = 10 };

static const char *const levels[] = {"error", "warn", "info", "debug"}; /* as log.h counts them */
enum { NLEVELS = sizeof levels / sizeof levels[0] };

/* Sends one frame and takes one; 0 or negative. */
static int exchange(int fd, struct key_frame *frame)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	uint8_t bytes[16];
	size_t len = key_frame_put(frame, bytes, sizeof bytes);
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (send(fd, bytes, len, MSG_NOSIGNAL) < 0)
		return -errno;
	n = recv(fd, bytes, sizeof bytes, 0);
	if (n <= 0)
		return n < 0 ? -errno : BH_ECLOSED;
	if (key_frame_get(bytes, (size_t)n, frame) != 0 || frame->type != KEY_LEVEL || frame->level.level >= NLEVELS)
		return BH_EPROTO;
	return 0;
}

/* Sets keyd's level, or KEY_LEVEL_ASKED; *level is then what it has.  0 or negative. */
static int ask_keyd(const char *run_dir, uint8_t *level)
{
	struct key_frame frame = {.type = KEY_LEVEL, .level.level = *level};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, rc;

	rc = snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", run_dir, KEY_SOCKET);
	if (rc >= (int)sizeof address.sun_path)
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	rc = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? exchange(fd, &frame) : -errno;
	close(fd);
	*level = frame.level.level;
	return rc;
}

/* The same, where the configuration says; an enum exit_code that is EXIT_OK where it can be read. */
static int keyd_level(const struct ctl *ctl, uint8_t *level, int *rc)
{
	struct conf *conf = NULL;
	int code = load_conf(ctl, &conf);

	if (code != EXIT_OK)
		return code;
	*rc = ask_keyd(conf_text(conf, "run_dir"), level);
	conf_free(&conf);
	return EXIT_OK;
}

static int set_keyd(const struct call *call)
{
	uint8_t level = 0;
	int rc, code;

	while (level < NLEVELS && strcmp(call->argv[1], levels[level]) != 0)
		level++;
	if (level == NLEVELS)
		return complain(EXIT_USAGE, "the levels are error, warn, info and debug");
	code = keyd_level(call->ctl, &level, &rc);
	if (code != EXIT_OK || rc == 0)
		return code;
	if (rc == -ENOENT || rc == -ECONNREFUSED)
		return complain(EXIT_NOT_FOUND, "no daemon \"keyd\" is running");
	if (rc == -EACCES || rc == BH_ECLOSED)
		return complain(EXIT_NOT_AUTHORISED, "only root may set the level of keyd");
	return complain(EXIT_TEMPORARY, "keyd does not answer: %s", bh_strerror(rc));
}

/* One more row, where keyd runs; who may not ask it sees that it does. */
static void add_keyd(const struct call *call, struct result *result)
{
	uint8_t level = KEY_LEVEL_ASKED;
	struct buf row = BUF_INIT;
	int rc;

	if (keyd_level(call->ctl, &level, &rc) != EXIT_OK || rc == -ENOENT || rc == -ECONNREFUSED)
		return;
	textlist_put(&row, STR_LIT("keyd"));
	textlist_put(&row, rc == 0 && level < NLEVELS ? str_of(levels[level]) : STR_LIT("-"));
	result_row(result, buf_str(&row));
	buf_fini(&row);
}

int run_log_level(const struct call *call)
{
	if (call->argc == 1)
		return complain(EXIT_USAGE, "too few arguments; usage: bulkheadctl %s %s", call->command->name,
			call->command->args);
	if (call->argc == 2 && strcmp(call->argv[0], "keyd") == 0)
		return set_keyd(call);
	return run_query(call, call->argc == 0 ? add_keyd : NULL);
}
