/* The connection to routerd. */
#include "ctl/request.h"

#include <errno.h>
#include <signal.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/rand.h"
#include "bus/codes.h"
#include "bus/link.h"
#include "bus/textlist.h"
#include "bus/wire.h"
#include "conf/conf.h"

enum { PATIENCE_MS = 60000 };

struct routerd {
	uv_loop_t loop;
	uv_timer_t timer;
	struct link *link; /* NULL once it is gone */
	enum bus_role role; /* ROLE_CTL or ROLE_MONITOR */
	const struct answer_handlers *handlers;
	void *arg;
	bool welcome, refused, silent;
	bool answered; /* since the last wait began */
	char why[512];
};

static int on_welcome(const struct bus_event *event)
{
	struct routerd *r = event->owner;

	r->welcome = true;
	return 0;
}

static int on_refuse(const struct bus_event *event)
{
	struct routerd *r = event->owner;
	struct msg_refuse m;

	if (bus_get_refuse(event->frame->body, &m) != 0)
		return BH_EPROTO;
	r->refused = true;
	snprintf(r->why, sizeof r->why, "%.*s", STR_FMT(m.text));
	return 0;
}

static int on_columns(const struct bus_event *event)
{
	struct routerd *r = event->owner;
	struct msg_ctl_columns m;

	if (bus_get_ctl_columns(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (r->handlers->columns != NULL)
		r->handlers->columns(r->arg, event->frame->subject, m.names);
	return 0;
}

static int on_row(const struct bus_event *event)
{
	struct routerd *r = event->owner;
	struct msg_ctl_row m;

	if (bus_get_ctl_row(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (r->handlers->row != NULL)
		r->handlers->row(r->arg, event->frame->subject, m.values);
	return 0;
}

static int on_end(const struct bus_event *event)
{
	struct routerd *r = event->owner;
	struct msg_ctl_end m;

	if (bus_get_ctl_end(event->frame->body, &m) != 0)
		return BH_EPROTO;
	r->answered = true;
	r->handlers->end(r->arg, event->frame->subject, &m);
	return 0;
}

static int on_instance(const struct bus_event *event)
{
	struct routerd *r = event->owner;
	struct msg_instance m;

	if (bus_get_instance(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (r->handlers->instance != NULL)
		r->handlers->instance(r->arg, &m);
	return 0;
}

static int on_watched(const struct bus_event *event)
{
	struct routerd *r = event->owner;

	if (r->handlers->watched != NULL)
		r->handlers->watched(r->arg);
	return 0;
}

static int on_moved(const struct bus_event *event)
{
	struct routerd *r = event->owner;
	struct msg_moved m;

	if (bus_get_moved(event->frame->body, &m) != 0 || r->handlers->moved == NULL)
		return BH_EPROTO;
	r->handlers->moved(r->arg, event->frame->subject, &m);
	return 0;
}

static int on_keys(const struct bus_event *event)
{
	struct routerd *r = event->owner;
	struct msg_keys m;

	if (bus_get_keys(event->frame->body, &m) != 0 || r->handlers->keys == NULL)
		return BH_EPROTO;
	r->handlers->keys(r->arg, event->frame->subject, &m);
	return 0;
}

static int on_user_data(const struct bus_event *event)
{
	struct routerd *r = event->owner;
	struct msg_user_data m;

	if (bus_get_user_data(event->frame->body, &m) != 0 || r->handlers->data == NULL)
		return BH_EPROTO;
	r->handlers->data(r->arg, event->frame->subject, &m);
	return 0;
}

static const struct bus_handler frames[] = {
	{BUS_WELCOME, on_welcome},
	{BUS_REFUSE, on_refuse},
	{BUS_CTL_COLUMNS, on_columns},
	{BUS_CTL_ROW, on_row},
	{BUS_CTL_END, on_end},
	{BUS_INSTANCE, on_instance},
	{BUS_WATCHED, on_watched},
	{BUS_MOVED, on_moved},
	{BUS_KEYS, on_keys},
	{BUS_USER_DATA, on_user_data},
	{0, NULL},
};

static void on_closed(void *owner, const char *why)
{
	struct routerd *r = owner;

	r->link = NULL;
	if (!r->refused)
		snprintf(r->why, sizeof r->why, "%s", why);
	uv_stop(&r->loop); /* of routerd_follow() */
}

static void on_timer(uv_timer_t *timer)
{
	struct routerd *r = timer->data;

	r->silent = true;
}

static int not_running(const char *path)
{
	return complain(EXIT_NOT_RUNNING, "Bulkhead is not running: nobody listens at %s", path);
}

/* The connected socket; else -errno. */
static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, error;

	if (strlen(path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	error = errno;
	close(fd);
	return -error;
}

static int connect_as(const char *run_dir, enum bus_role role, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", run_dir, bus_role_socket(role));
	return connect_to(path);
}

static int explain(int error, const char *path)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		return not_running(path);
	case EACCES:
	case EPERM:
		return complain(EXIT_NOT_AUTHORISED, "you may not use %s; only root and its group may", path);
	case ENAMETOOLONG:
		return complain(EXIT_BAD_CONFIG, "%s: the path of the socket is too long", path);
	default:
		return complain(EXIT_FAILED, "%s: %s", path, strerror(error));
	}
}

/* Who may not change things may perhaps look.  The connected socket and what we are; else an exit code, negative. */
static int find_socket(const struct ctl *ctl, enum bus_role *role)
{
	char path[PATH_MAX], other[PATH_MAX];
	struct conf *conf = NULL;
	int fd = load_conf(ctl, &conf);

	if (fd != EXIT_OK)
		return -fd;
	*role = ctl->read_only ? ROLE_MONITOR : ROLE_CTL;
	fd = connect_as(conf_text(conf, "run_dir"), *role, path);
	if (*role == ROLE_CTL && (fd == -EACCES || fd == -EPERM)) {
		int second = connect_as(conf_text(conf, "run_dir"), ROLE_MONITOR, other);

		*role = second >= 0 ? ROLE_MONITOR : ROLE_CTL;
		fd = second >= 0 ? second : fd;
	}
	conf_free(&conf);
	return fd >= 0 ? fd : -explain(-fd, path);
}

static int say_hello(struct routerd *r)
{
	struct msg_hello hello = {
		.version = BUS_VERSION,
		.role = (uint16_t)r->role,
		.instance = STR_LIT("bulkheadctl"),
		.software = STR_LIT(BULKHEAD_VERSION),
		.pid = (uint32_t)getpid(),
	};
	int rc = EXIT_OK;

	rand_bytes(&hello.boot, sizeof hello.boot);
	if (LINK_SEND(r->link, HELLO, hello, 0, &hello) != 0)
		return complain(EXIT_FAILED, "HELLO could not be sent");
	while (rc == EXIT_OK && !r->welcome)
		rc = routerd_wait(r);
	return rc;
}

static struct routerd *routerd_create(const struct answer_handlers *handlers, void *arg)
{
	struct routerd *r = bh_alloc(sizeof *r);

	r->handlers = handlers;
	r->arg = arg;
	uv_loop_init(&r->loop);
	uv_timer_init(&r->loop, &r->timer);
	r->timer.data = r;
	return r;
}

static int open_link(struct routerd *r, int fd)
{
	const struct link_spec spec = {
		.loop = &r->loop,
		.self = r->role,
		.peer = ROLE_ROUTER,
		.handlers = frames,
		.owner = r,
		.on_closed = on_closed,
	};
	int rc = link_open(&spec, fd, &r->link);

	return rc != 0 ? complain(EXIT_FAILED, "no link to routerd: %s", bh_strerror(rc)) : EXIT_OK;
}

int routerd_open(const struct ctl *ctl, const struct answer_handlers *handlers, void *arg,
	struct routerd **out)
{
	enum bus_role role = ROLE_CTL;
	struct routerd *r;
	int fd = find_socket(ctl, &role), rc;

	if (fd < 0)
		return -fd;
	r = routerd_create(handlers, arg);
	r->role = role;
	rc = open_link(r, fd);
	if (rc == EXIT_OK)
		rc = say_hello(r);
	if (rc == EXIT_OK)
		*out = r;
	else
		routerd_close(&r);
	return rc;
}

void routerd_close(struct routerd **routerd)
{
	struct routerd *r = *routerd;

	if (r == NULL)
		return;
	*routerd = NULL;
	link_close(&r->link);
	uv_close((uv_handle_t *)&r->timer, NULL);
	uv_run(&r->loop, UV_RUN_DEFAULT);
	uv_loop_close(&r->loop);
	free(r);
}

/* routerd ends the link of one who sends anything else as text, and cannot repeat it in an answer. */
static int check_text(struct str text)
{
	if (wire_utf8_valid((const uint8_t *)text.p, text.len))
		return EXIT_OK;
	return complain(EXIT_USAGE, "\"%.*s\" is not UTF-8", STR_FMT(text));
}

static int check_texts(struct str list)
{
	struct str text;
	int rc = EXIT_OK;

	while (rc == EXIT_OK && textlist_take(&list, &text))
		rc = check_text(text);
	return rc;
}

static int send_request(struct routerd *r, uint64_t number, const struct msg_ctl_request *m)
{
	int rc = r->link != NULL ? LINK_SEND(r->link, CTL_REQUEST, ctl_request, number, m) : BH_ECLOSED;

	return rc == 0 ? EXIT_OK : complain(EXIT_FAILED, "the request could not be sent: %s", bh_strerror(rc));
}

int routerd_ask(struct routerd *r, uint64_t number, const char *verb, struct str args)
{
	const struct msg_ctl_request m = {.verb = str_of(verb), .args = args};
	int rc = check_texts(args);

	return rc == EXIT_OK ? send_request(r, number, &m) : rc;
}

int routerd_put_account(struct routerd *r, uint64_t number, const struct msg_account_put *put)
{
	int rc = check_text(put->account);

	if (rc != EXIT_OK)
		return rc;
	rc = r->link != NULL ? LINK_SEND(r->link, ACCOUNT_PUT, account_put, number, put) : BH_ECLOSED;
	return rc == 0 ? EXIT_OK : complain(EXIT_FAILED, "the account could not be sent: %s",
		bh_strerror(rc));
}

int routerd_test_account(struct routerd *r, uint64_t number, const struct msg_auth_test *test)
{
	int rc = r->link != NULL ? LINK_SEND(r->link, AUTH_TEST, auth_test, number, test) : BH_ECLOSED;

	return rc == 0 ? EXIT_OK : complain(EXIT_FAILED, "the question could not be sent: %s", bh_strerror(rc));
}

int routerd_check_writer(const struct routerd *r)
{
	if (r->role == ROLE_CTL)
		return EXIT_OK;
	return complain(EXIT_NOT_AUTHORISED, "this is for administrators, and %s for those who only look",
		bus_role_socket(r->role));
}

int routerd_watch(struct routerd *r)
{
	const struct msg_watch m = {.associations = WATCH_NONE};
	int rc = r->link != NULL ? LINK_SEND(r->link, WATCH, watch, 0, &m) : BH_ECLOSED;

	return rc == 0 ? EXIT_OK : EXIT_TEMPORARY;
}

int routerd_poll(struct routerd *r)
{
	if (r->link != NULL)
		uv_run(&r->loop, UV_RUN_NOWAIT);
	return r->link != NULL ? EXIT_OK : EXIT_TEMPORARY;
}

static int sent(int rc)
{
	if (rc == BH_ETOOBIG)
		return complain(EXIT_FAILED, "an account has more than 16 MiB of data");
	return rc == 0 ? EXIT_OK : complain(EXIT_FAILED, "a request could not be sent: %s", bh_strerror(rc));
}

int routerd_move_account(struct routerd *r, uint64_t number, const struct msg_account_move *move)
{
	return sent(r->link != NULL ? LINK_SEND(r->link, ACCOUNT_MOVE, account_move, number, move) : BH_ECLOSED);
}

int routerd_put_user(struct routerd *r, uint64_t number, const struct msg_user_put *put)
{
	return sent(r->link != NULL ? LINK_SEND(r->link, USER_PUT, user_put, number, put) : BH_ECLOSED);
}

int routerd_get_keys(struct routerd *r, uint64_t number, struct str account)
{
	const struct msg_keys_get m = {.account = account};

	return sent(r->link != NULL ? LINK_SEND(r->link, KEYS_GET, keys_get, number, &m) : BH_ECLOSED);
}

int routerd_get_user(struct routerd *r, uint64_t number, struct str account)
{
	const struct msg_user_get m = {.account = account};

	return sent(r->link != NULL ? LINK_SEND(r->link, USER_GET, user_get, number, &m) : BH_ECLOSED);
}

int routerd_wait(struct routerd *r)
{
	/* Counted from now: the caller may have waited for somebody's typing. */
	uv_update_time(&r->loop);
	uv_timer_start(&r->timer, on_timer, PATIENCE_MS, 0);
	r->answered = false;
	if (r->link != NULL)
		uv_run(&r->loop, UV_RUN_ONCE);
	if (r->refused)
		return complain(EXIT_FAILED, "routerd refuses us: %s", r->why);
	/* The link may end right after the answer, as routerd does: whoever waits for more asks again. */
	if (r->link == NULL && !r->answered)
		return complain(EXIT_TEMPORARY, "the connection to routerd broke: %s", r->why);
	if (r->silent)
		return complain(EXIT_TEMPORARY, "routerd does not answer");
	return EXIT_OK;
}

static void on_time_over(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static void on_interrupt(uv_signal_t *handle, int number)
{
	(void)number;
	uv_stop(handle->loop);
}

void routerd_leave(struct routerd *r)
{
	uv_stop(&r->loop);
}

int routerd_follow(struct routerd *r, unsigned seconds)
{
	static const int numbers[] = {SIGINT, SIGTERM};
	uv_signal_t signals[2];

	for (unsigned i = 0; i < 2; i++) {
		uv_signal_init(&r->loop, &signals[i]);
		uv_signal_start(&signals[i], on_interrupt, numbers[i]);
	}
	uv_update_time(&r->loop);
	uv_timer_stop(&r->timer);
	if (seconds > 0)
		uv_timer_start(&r->timer, on_time_over, (uint64_t)seconds * 1000, 0);
	if (r->link != NULL)
		uv_run(&r->loop, UV_RUN_DEFAULT);
	for (unsigned i = 0; i < 2; i++)
		uv_close((uv_handle_t *)&signals[i], NULL);
	uv_run(&r->loop, UV_RUN_NOWAIT); /* closes them */
	return r->link != NULL ? EXIT_OK : complain(EXIT_TEMPORARY, "the connection to routerd broke: %s", r->why);
}
