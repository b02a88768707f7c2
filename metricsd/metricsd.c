/* The daemon: its view of the suite, and its page. */
#include "metricsd/metricsd.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "daemon/log.h"
#include "metricsd/http.h"
#include "metricsd/listen.h"
#include "metricsd/page.h"
#include "watch/watch.h"

enum { PLACES_MAX = 8 };

struct metricsd {
	struct daemon *daemon;
	struct watch *watch;
	struct place {
		char *where;
		int fd;
		struct http *http;
	} places[PLACES_MAX];
	size_t nplaces, live;
};

static int open_place(struct metricsd *m, const char *where)
{
	struct place *place = &m->places[m->nplaces];
	char what[512];

	place->fd = listen_open(where, what, sizeof what);
	if (place->fd < 0) {
		daemon_fail(m->daemon, "%s", what);
		return place->fd;
	}
	place->where = bh_strdup(where);
	m->nplaces++;
	return 0;
}

int metricsd_open(struct daemon *d)
{
	size_t n = conf_list_size(d->conf, "metrics.listen");
	struct metricsd *m = bh_alloc(sizeof *m);
	int rc = 0;

	m->daemon = d;
	d->state = m;
	if (n == 0 || n > PLACES_MAX) {
		daemon_fail(d, "metrics.listen: 1 to %d addresses are needed, as in "
			"metrics { listen = {\"127.0.0.1:9287\"} }", PLACES_MAX);
		return BH_ECONFIG;
	}
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = open_place(m, conf_list_item(d->conf, "metrics.listen", i));
	return rc;
}

static void page(void *owner, bool open, struct buf *out)
{
	const struct metricsd *m = owner;

	page_write(watch_picture(m->watch), open, out);
}

/* It is looked at when somebody asks. */
static void on_picture(void *owner)
{
	(void)owner;
}

static void on_router(void *owner, const char *why)
{
	(void)owner;
	if (why == NULL)
		log_info("router-up", "role=metrics");
	else
		log_warn("router-down", "reason=%s", LOG_TEXT(why));
}

static int start_place(struct metricsd *m, struct place *place)
{
	struct http_spec spec = {.loop = m->daemon->loop, .fd = place->fd, .page = page, .owner = m};
	int rc = http_start(&spec, &place->http);

	if (rc == 0)
		log_info("listening", "address=%s for=metrics", LOG_TEXT(place->where));
	return rc;
}

int metricsd_start(struct daemon *d)
{
	struct metricsd *m = d->state;
	struct watch_spec watch = {
		.daemon = d, .role = ROLE_METRICS, .on_picture = on_picture, .on_router = on_router, .owner = m};
	int rc = watch_start(&watch, &m->watch);

	for (size_t i = 0; i < m->nplaces && rc == 0; i++)
		rc = start_place(m, &m->places[i]);
	if (rc != 0)
		daemon_fail(d, "cannot be started: %s", bh_strerror(rc));
	return rc;
}

/* All that it has of the configuration needs a restart. */
int metricsd_reload(struct daemon *d, const struct conf *old)
{
	(void)d, (void)old;
	return 0;
}

static void on_watch_stopped(void *arg)
{
	struct metricsd *m = arg;
	struct daemon *d = m->daemon;

	free(m);
	daemon_stopped(d);
}

static void on_http_stopped(void *arg)
{
	struct metricsd *m = arg;

	if (--m->live == 0)
		watch_stop(&m->watch, on_watch_stopped, m);
}

void metricsd_stop(struct daemon *d)
{
	struct metricsd *m = d->state;

	m->live = m->nplaces;
	for (size_t i = 0; i < m->nplaces; i++) {
		free(m->places[i].where);
		http_stop(&m->places[i].http, on_http_stopped, m);
	}
}
