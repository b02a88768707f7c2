/* libmicrohttpd's epoll descriptor, polled by libuv. */
#include "metricsd/http.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "daemon/counter.h"

enum { CONNECTIONS = 32, TIMEOUT_S = 10, REQUEST_MAX = 16384 };

#define TYPE_OPEN "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define TYPE_PLAIN "text/plain; version=0.0.4; charset=utf-8"

enum { COUNT_PAGES, COUNT_REFUSED, COUNT_END };
static struct counter counters[] = {
	[COUNT_PAGES] = {.name = "pages", .about = "How often metrics were read"},
	[COUNT_REFUSED] = {.name = "refused", .about = "Requests for something else"},
	[COUNT_END] = {.name = NULL},
};

static void enrol_counters(void)
{
	static bool enrolled;

	if (!enrolled)
		counter_enrol(counters);
	enrolled = true;
}

struct http {
	struct http_spec spec;
	struct MHD_Daemon *mhd;
	uv_poll_t poll;
	uv_timer_t timer; /* when libmicrohttpd wants to run by itself */
	void (*done)(void *);
	void *done_arg;
	unsigned parts;
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
	enum MHD_Result rc;

	MHD_add_response_header(response, MHD_HTTP_HEADER_X_CONTENT_TYPE_OPTIONS, "nosniff");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	rc = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return rc;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *text)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);

	counters[COUNT_REFUSED].value++;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; charset=utf-8");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	return answer(connection, status, response);
}

static enum MHD_Result give_page(struct http *h, struct MHD_Connection *connection)
{
	const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	bool open = accept != NULL && strstr(accept, "application/openmetrics-text") != NULL;
	struct MHD_Response *response;
	struct buf page = BUF_INIT;

	counters[COUNT_PAGES].value++;
	h->spec.page(h->spec.owner, open, &page);
	response = MHD_create_response_from_buffer(page.len, page.data, MHD_RESPMEM_MUST_COPY);
	buf_fini(&page);
	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, open ? TYPE_OPEN : TYPE_PLAIN);
	return answer(connection, MHD_HTTP_OK, response);
}

/* Its parameters are libmicrohttpd's.  A request with a body is answered before that is read. */
static enum MHD_Result on_request(void *owner, struct MHD_Connection *connection, const char *path, const char *method,
	const char *version, const char *body, size_t *body_size, void **state)
{
	(void)version, (void)body, (void)body_size, (void)state;
	if (strcmp(path, "/metrics") != 0)
		return refuse(connection, MHD_HTTP_NOT_FOUND, "There is only /metrics here.\n");
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "It can only be read.\n");
	return give_page(owner, connection);
}

/* Nothing is decoded: a path that is written in another way is another path. */
static size_t leave_escapes(void *owner, struct MHD_Connection *connection, char *text)
{
	(void)owner, (void)connection;
	return strlen(text);
}

static void silent(void *owner, const char *format, va_list ap)
{
	(void)owner, (void)format, (void)ap;
}

static void on_timer(uv_timer_t *timer);

static void turn(struct http *h)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(h->mhd);
	if (MHD_get_timeout(h->mhd, &ms) == MHD_YES)
		uv_timer_start(&h->timer, on_timer, ms, 0);
	else
		uv_timer_stop(&h->timer);
}

static void on_timer(uv_timer_t *timer)
{
	turn(timer->data);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events;
	turn(poll->data);
}

static struct MHD_Daemon *start_mhd(struct http *h)
{
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, h,
		MHD_OPTION_EXTERNAL_LOGGER, silent, NULL,
		MHD_OPTION_LISTEN_SOCKET, h->spec.fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MAX,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, NULL,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_END);
}

int http_start(const struct http_spec *spec, struct http **out)
{
	struct http *h = bh_alloc(sizeof *h);
	const union MHD_DaemonInfo *info;
	int rc;

	h->spec = *spec;
	h->mhd = start_mhd(h);
	info = h->mhd != NULL ? MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	rc = info != NULL ? uv_poll_init(spec->loop, &h->poll, info->epoll_fd) : BH_ENOMEM;
	if (rc != 0) {
		if (h->mhd != NULL)
			MHD_stop_daemon(h->mhd);
		free(h);
		return rc;
	}
	enrol_counters();
	uv_timer_init(spec->loop, &h->timer);
	h->poll.data = h->timer.data = h;
	*out = h;
	return uv_poll_start(&h->poll, UV_READABLE, on_ready);
}

static void on_closed(uv_handle_t *handle)
{
	struct http *h = handle->data;

	if (--h->parts > 0)
		return;
	MHD_stop_daemon(h->mhd);
	h->done(h->done_arg);
	free(h);
}

void http_stop(struct http **http, void (*done)(void *), void *arg)
{
	struct http *h = *http;

	*http = NULL;
	h->done = done;
	h->done_arg = arg;
	h->parts = 2;
	uv_close((uv_handle_t *)&h->poll, on_closed);
	uv_close((uv_handle_t *)&h->timer, on_closed);
}
