/* daemon_main(): the checklist of every daemon's life. */
#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/exits.h"
#include "base/list.h"
#include "daemon/kerberos.h"
#include "daemon/log.h"
#include "daemon/private.h"
#include "daemon/reload.h"

enum { ANSWER_MS = 20, RETRY_MS = 1000 };

void daemon_fail(struct daemon *d, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	snprintf(container_of(d, struct life, daemon)->why, sizeof text, "%s", text);
	log_error("cannot-go-on", "reason=%s", LOG_LONG(text));
}

int load_configuration(struct life *life, struct conf **out)
{
	char what[1024];
	int rc = conf_load(life->args.config, life->args.instance, out, what, sizeof what);

	if (rc != 0)
		daemon_fail(&life->daemon, "%s", what);
	return rc;
}

void take_configuration(struct daemon *d, struct conf *conf)
{
	d->conf = conf;
	memcpy(d->configuration, conf_digest(conf), sizeof d->configuration);
}

enum log_level configured_level(const struct conf *conf)
{
	enum log_level level = LOG_LEVEL_INFO;

	(void)log_level_parse(conf_text(conf, "log_level"), &level);
	return level;
}

void daemon_ready(struct daemon *d)
{
	(void)d;
	notify_ready();
}

static void close_signals(struct life *life)
{
	uv_close((uv_handle_t *)&life->term, NULL);
	uv_close((uv_handle_t *)&life->interrupt, NULL);
	uv_close((uv_handle_t *)&life->hangup, NULL);
	uv_close((uv_handle_t *)&life->again, NULL);
	signal(SIGHUP, SIG_IGN); /* of which we would die now */
}

void daemon_stopped(struct daemon *d)
{
	close_signals(container_of(d, struct life, daemon));
}

static void stop(struct life *life)
{
	life->stopping = true;
	reload_discard(&life->daemon);
	notify_stopping();
	life->daemon.spec->stop(&life->daemon);
}

static void on_stop_signal(uv_signal_t *handle, int number)
{
	struct life *life = handle->data;

	if (life->stopping)
		_exit(EXIT_FAILED); /* asked twice: at once */
	log_info("stopping", "signal=%d", number);
	stop(life);
}

static void on_again(uv_timer_t *timer)
{
	struct life *life = timer->data;

	if (life->stopping)
		return;
	log_info("stopping", "reason=restart");
	stop(life);
}

/* Not from within the message that asks for it, and after the answer to it. */
void daemon_restart(struct daemon *d)
{
	struct life *life = container_of(d, struct life, daemon);

	uv_timer_start(&life->again, on_again, ANSWER_MS, 0);
}

static void on_reload_signal(uv_signal_t *handle, int number)
{
	(void)number;
	reload_asked(handle->data);
}

static void watch_signal(struct life *life, uv_signal_t *handle, uv_signal_cb cb, int number)
{
	handle->data = life;
	uv_signal_init(&life->loop, handle);
	uv_signal_start(handle, cb, number);
}

static void watch_signals(struct life *life)
{
	signal(SIGPIPE, SIG_IGN);
	watch_signal(life, &life->term, on_stop_signal, SIGTERM);
	watch_signal(life, &life->interrupt, on_stop_signal, SIGINT);
	watch_signal(life, &life->hangup, on_reload_signal, SIGHUP);
	life->again.data = life;
	uv_timer_init(&life->loop, &life->again);
}

/* From here on the process can do only what its table says. */
static int confine(struct life *life)
{
	struct daemon *d = &life->daemon;
	int rc = privileges_drop(d);

	tzset(); /* reads a file, at the latest now */
	return rc == 0 ? sandbox_enter(d) : rc;
}

static int prepare(struct life *life)
{
	struct daemon *d = &life->daemon;
	int rc = load_configuration(life, &life->begun);

	if (rc != 0)
		return rc;
	take_configuration(d, life->begun);
	log_open(life->args.instance, configured_level(d->conf));
	notify_open();
	memory_keep(d);
	rc = directories_make(d);
	if (rc == 0)
		rc = kerberos_prepare(d);
	return rc == 0 ? d->spec->open(d) : rc;
}

static int begin(struct life *life)
{
	struct daemon *d = &life->daemon;
	int rc = confine(life);

	if (rc == 0)
		rc = kerberos_start(d);
	return rc == 0 ? d->spec->start(d) : rc;
}

static void run(struct life *life)
{
	struct daemon *d = &life->daemon;

	watch_signals(life);
	log_info("started", "pid=%ld version=%s", (long)getpid(), BULKHEAD_VERSION);
	if (!d->spec->ready_later)
		daemon_ready(d);
	uv_run(&life->loop, UV_RUN_DEFAULT);
	BUG_ON(uv_loop_close(&life->loop) != 0);
	log_info("stopped", "pid=%ld", (long)getpid());
}

/* ---- a start that cannot go on ------------------------------------------------------------------- */

/* What is the machine's fault may be gone the next time: a full disk, an address that is not there yet. */
static bool may_pass(int rc)
{
	static const int passing[] = {BH_ENOMEM, BH_EAGAIN, BH_EIO, BH_EBUSY, BH_ETIMEOUT, -ENOMEM, -EAGAIN, -EIO, -EBUSY,
		-EINTR, -ENOSPC, -EDQUOT, -EMFILE, -ENFILE, -ENOBUFS, -EADDRINUSE, -EADDRNOTAVAIL};

	for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
		if (rc == passing[i])
			return true;
	return false;
}

/* systemd would try it ten times a second.  By a futex: who is confined has no other way to sleep. */
static void wait_a_while(void)
{
	uv_mutex_t mutex;
	uv_cond_t never;

	if (uv_mutex_init(&mutex) != 0 || uv_cond_init(&never) != 0)
		return;
	uv_mutex_lock(&mutex);
	uv_cond_timedwait(&never, &mutex, RETRY_MS * 1000000ull);
}

static int give_up(int rc)
{
	if (!may_pass(rc))
		return EXIT_BAD_CONFIG;
	if (getenv("BULKHEAD_SUPERVISOR") == NULL) /* which waits by itself */
		wait_a_while();
	return EXIT_TEMPORARY;
}

int daemon_main(const struct daemon_spec *spec, int argc, char **argv)
{
	static struct life life;
	struct daemon *d = &life.daemon;
	int rc = arguments_parse(spec, argc, argv, &life.args);

	if (rc != 0)
		return rc - 1;
	d->spec = spec;
	d->instance = life.args.instance;
	d->loop = &life.loop;
	log_open(life.args.instance, LOG_LEVEL_INFO);
	process_enrol();
	uv_loop_init(&life.loop);
	life.loop.data = d;
	rc = prepare(&life);
	if (rc == 0)
		rc = begin(&life);
	if (rc == 0)
		run(&life);
	else
		rc = give_up(rc);
	if (d->conf != life.begun)
		conf_free(&d->conf);
	conf_free(&life.begun);
	return rc;
}
