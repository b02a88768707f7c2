/* A link's life: opened on a descriptor, ended by a mistake or its owner, freed when the loop
 * has let go of its handles. */
#include "bus/link.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "bus/link_private.h"

enum { DRAIN_MS = 5000 };

static void link_free(struct link *link)
{
	void (*on_freed)(void *) = link->on_freed;
	void *arg = link->freed_arg;

	if (link->spec.on_closed != NULL)
		link->spec.on_closed(link->spec.owner, link->why);
	link_read_fini(link);
	link_write_fini(link);
	free(link);
	if (on_freed != NULL)
		on_freed(arg);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct link *link = handle->data;

	if (--link->handles == 0)
		link_free(link);
}

static void close_handle(struct link *link, uv_handle_t *handle)
{
	handle->data = link;
	link->handles++;
	uv_close(handle, on_handle_closed);
}

static void close_handles(struct link *link)
{
	link->state = LINK_CLOSING;
	if (link->spec.shared != NULL)
		*link->spec.shared -= link->queued; /* all that waits goes with the handles */
	close_handle(link, (uv_handle_t *)&link->pipe);
	close_handle(link, (uv_handle_t *)&link->prepare);
	close_handle(link, (uv_handle_t *)&link->idle);
	close_handle(link, (uv_handle_t *)&link->deadline);
}

void link_fail(struct link *link, const char *fmt, ...)
{
	va_list ap;

	if (link->state == LINK_CLOSING)
		return;
	if (link->state == LINK_OPEN) {
		va_start(ap, fmt);
		vsnprintf(link->why, sizeof link->why, fmt, ap);
		va_end(ap);
	}
	close_handles(link);
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct link *link = prepare->data;

	if (link->dirty)
		link_flush(link);
	if (!link->crowded || link->queued > LINK_ROOM || link->state != LINK_OPEN || link->write_error != 0)
		return;
	link->crowded = false;
	if (link->spec.on_room != NULL)
		link->spec.on_room(link->spec.owner);
}

/* Who is at the other end, from the kernel. */
static int read_credentials(struct link *link, int fd)
{
	struct ucred cred;
	socklen_t len = sizeof cred;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	link->pid = cred.pid;
	link->uid = cred.uid;
	return 0;
}

static void init_handles(struct link *link)
{
	uv_loop_t *loop = link->spec.loop;

	uv_pipe_init(loop, &link->pipe, 0);
	uv_prepare_init(loop, &link->prepare);
	uv_idle_init(loop, &link->idle);
	uv_timer_init(loop, &link->deadline);
	link->pipe.data = link;
	link->prepare.data = link;
	link->idle.data = link;
	link->deadline.data = link;
	uv_prepare_start(&link->prepare, on_prepare);
	uv_unref((uv_handle_t *)&link->prepare);
}

static void index_handlers(struct link *link, const struct bus_handler *handlers)
{
	for (; handlers != NULL && handlers->handle != NULL; handlers++) {
		const struct bus_message_info *info = bus_info(handlers->type);

		BUG_ON(info == NULL);
		link->handlers[info - bus_table] = handlers->handle;
	}
}

int link_open(const struct link_spec *spec, int fd, struct link **out)
{
	struct link *link = bh_alloc(sizeof *link);
	int rc;

	link->spec = *spec;
	link->event_owner = spec->owner;
	link->greeted = true;
	index_handlers(link, spec->handlers);
	rc = read_credentials(link, fd);
	if (rc < 0) {
		close(fd);
		free(link);
		return rc;
	}
	init_handles(link);
	rc = uv_pipe_open(&link->pipe, fd);
	if (rc < 0)
		close(fd);
	else
		rc = link_read_start(link);
	if (rc < 0) {
		link->spec.on_closed = NULL;
		close_handles(link);
		return rc;
	}
	*out = link;
	return 0;
}

void link_close_then(struct link **linkp, void (*fn)(void *), void *arg)
{
	struct link *link = *linkp;

	*linkp = NULL;
	link->spec.on_closed = NULL;
	link->spec.on_held = NULL;
	link->on_freed = fn;
	link->freed_arg = arg;
	if (link->state != LINK_CLOSING)
		link_flush(link);
	/* The flush of a draining link may have ended it. */
	if (link->state != LINK_CLOSING)
		close_handles(link);
}

void link_close(struct link **link)
{
	if (*link != NULL)
		link_close_then(link, NULL, NULL);
}

static void on_deadline(uv_timer_t *timer)
{
	link_fail(timer->data, "it did not read in time");
}

void link_close_after_write(struct link *link, const char *why)
{
	if (link->state != LINK_OPEN)
		return;
	/* What was taken from the peer so far is confirmed with the rest. */
	link_flush(link);
	if (link->state != LINK_OPEN)
		return;
	snprintf(link->why, sizeof link->why, "%s", why);
	link->state = LINK_DRAINING;
	uv_timer_start(&link->deadline, on_deadline, DRAIN_MS, 0);
	link_dirty(link);
}

void link_greet(struct link *link, link_greet_fn *fn, void *arg, void *event_owner)
{
	link->greet = fn;
	link->greet_arg = arg;
	link->event_owner = event_owner;
	link->greeted = false;
}

void link_greeted(struct link *link)
{
	link->greeted = true;
}

uint64_t link_sent(const struct link *link)
{
	return link->sent;
}

size_t link_queued(const struct link *link)
{
	return link->queued;
}

void link_credentials(const struct link *link, pid_t *pid, uid_t *uid)
{
	*pid = link->pid;
	*uid = link->uid;
}

uv_loop_t *link_loop(const struct link *link)
{
	return link->spec.loop;
}
