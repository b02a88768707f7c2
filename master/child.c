/* Starting, restarting with back-off, and stopping one daemon. */
#include "master/child.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/log.h"
#include "master/run.h"

enum {
	BACKOFF_FIRST_MS = 50,
	BACKOFF_MAX_MS = 5000,
	SETTLED_MS = 250, /* a life of this length ends the back-off */
	PATIENCE_MS = 10000,
};

void child_init(struct child *c, struct run *run, const char *daemon, const char *instance)
{
	*c = (struct child){.run = run, .daemon = daemon, .backoff_ms = BACKOFF_FIRST_MS};
	snprintf(c->instance, sizeof c->instance, "%s", instance);
	uv_timer_init(&run->loop, &c->timer);
	c->timer.data = c;
}

static void on_restart(uv_timer_t *timer)
{
	child_start(timer->data);
}

static void restart_later(struct child *c)
{
	if (clock_ms() - c->started_ms > SETTLED_MS)
		c->backoff_ms = BACKOFF_FIRST_MS;
	uv_timer_start(&c->timer, on_restart, c->backoff_ms, 0);
	c->backoff_ms = c->backoff_ms * 2 < BACKOFF_MAX_MS ? c->backoff_ms * 2 : BACKOFF_MAX_MS;
}

/* It will not be started again. */
static void gone(struct child *c)
{
	c->state = CHILD_GONE;
	if (!uv_is_closing((uv_handle_t *)&c->timer))
		uv_close((uv_handle_t *)&c->timer, NULL);
}

static void on_exit(uv_process_t *process, int64_t status, int signal)
{
	struct child *c = process->data;
	bool stopping = c->run->stopping;

	c->alive = false;
	uv_timer_stop(&c->timer);
	log_event(stopping ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN, "child-exited",
		"daemon=%s pid=%d status=%d signal=%d", c->instance, process->pid, (int)status,
		signal);
	uv_close((uv_handle_t *)process, NULL);
	c->state = CHILD_IDLE;
	if (stopping)
		gone(c);
	else
		restart_later(c);
	run_child_gone(c->run, c, (int)status, signal);
}

static int spawn(struct child *c)
{
	char program[PATH_MAX + 64];
	char *args[] = {program, (char *)"-c", c->run->config, (char *)"-i", c->instance, NULL};
	uv_stdio_container_t stdio[3] = {
		{.flags = UV_IGNORE},
		{.flags = UV_INHERIT_FD, .data.fd = 1},
		{.flags = UV_INHERIT_FD, .data.fd = 2},
	};
	uv_process_options_t options = {
		.exit_cb = on_exit,
		.file = program,
		.args = args,
		.stdio = stdio,
		.stdio_count = 3,
	};

	snprintf(program, sizeof program, "%s/bulkhead-%s", c->run->programs, c->daemon);
	c->process.data = c;
	return uv_spawn(&c->run->loop, &c->process, &options);
}

void child_start(struct child *c)
{
	int rc = spawn(c);

	c->started_ms = clock_ms();
	c->ready = false;
	if (rc == 0) {
		c->alive = true;
		c->state = CHILD_STARTING;
		return;
	}
	log_error("child-failed", "daemon=%s reason=%s", c->instance, LOG_TEXT(uv_strerror(rc)));
	c->state = CHILD_IDLE;
	uv_close((uv_handle_t *)&c->process, NULL);
	restart_later(c);
}

void child_ready(struct child *c)
{
	if (c->state != CHILD_STARTING)
		return;
	c->state = CHILD_READY;
	c->ready = true;
	run_child_ready(c->run);
}

static void on_impatient(uv_timer_t *timer)
{
	struct child *c = timer->data;

	log_error("child-killed", "daemon=%s reason=\"it did not stop\"", c->instance);
	uv_process_kill(&c->process, SIGKILL);
}

void child_stop(struct child *c)
{
	uv_timer_stop(&c->timer);
	if (!c->alive) {
		gone(c);
		return;
	}
	c->state = CHILD_STOPPING;
	uv_process_kill(&c->process, SIGTERM);
	uv_timer_start(&c->timer, on_impatient, PATIENCE_MS, 0);
}
