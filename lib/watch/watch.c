/* The link, and the picture that is taken. */
#include "watch/watch.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "bus/client.h"
#include "daemon/log.h"
#include "daemon/orders.h"
#include "daemon/reload.h"

enum { EVERY_MS = 1000, CLIENTS_EVERY = 5 /* pictures: they may be many */ };

struct watch {
	struct watch_spec spec;
	struct bus_client *bus;
	uv_timer_t timer;
	struct picture *picture;
	struct picture *next; /* that is being taken, or NULL */
	enum watch_wish wish;
	unsigned since_wish; /* pictures since connections were asked for */
	bool asked_wish;     /* they are, for the next one */
	bool up;
	bool goodbye; /* routerd has said that it ends */
	uint32_t router_deaths;
	void (*done)(void *);
	void *done_arg;
};

bool watch_ask_reload(const struct watch *watch)
{
	return reload_leave_to_router(bus_client_link(watch->bus));
}

const struct picture *watch_picture(const struct watch *w)
{
	return w->picture;
}

void watch_set_wish(struct watch *w, enum watch_wish wish)
{
	w->wish = wish;
	w->since_wish = 0;
}

static void ask(struct watch *w)
{
	struct link *link = bus_client_link(w->bus);
	unsigned every = w->wish == WATCH_ALL ? CLIENTS_EVERY : 1;
	struct msg_watch m = {.associations = (uint8_t)(w->since_wish == 0 ? w->wish : WATCH_NONE)};

	if (link == NULL || w->next != NULL || LINK_SEND(link, WATCH, watch, 0, &m) != 0)
		return;
	w->asked_wish = w->since_wish == 0;
	w->since_wish = (w->since_wish + 1) % every;
	w->next = bh_alloc(sizeof *w->next);
	list_init(&w->next->all);
}

static void on_timer(uv_timer_t *timer)
{
	struct watch *w = timer->data;

	if (bus_client_link(w->bus) == NULL) {
		picture_router_missing(w->picture);
		w->spec.on_picture(w->spec.owner);
	}
	ask(w);
}

/* ---- from routerd ----------------------------------------------------------------------- */

static int on_instance(const struct bus_event *event)
{
	struct watch *w = event->owner;
	struct msg_instance m;
	struct seen *s;

	if (bus_get_instance(event->frame->body, &m) != 0)
		return BH_EPROTO;
	s = w->next != NULL ? picture_add(w->next, &m) : NULL;
	if (s != NULL && s->role == ROLE_ROUTER)
		s->deaths = w->router_deaths; /* which it does not know itself */
	return 0;
}

static int on_associations(const struct bus_event *event)
{
	struct watch *w = event->owner;
	struct msg_associations m;
	struct seen *s;

	if (bus_get_associations(event->frame->body, &m) != 0)
		return BH_EPROTO;
	s = w->next != NULL ? picture_find(w->next, m.instance) : NULL;
	if (s != NULL)
		seen_take_associations(s, m.list);
	return 0;
}

/* A picture for which nobody was asked about connections has those of the one before. */
static void keep_associations(struct watch *w)
{
	if (w->asked_wish)
		return;
	list_for_each(pos, &w->next->all) {
		struct seen *s = container_of(pos, struct seen, link);
		struct seen *earlier = picture_find(w->picture, str_of(s->name));

		if (earlier != NULL)
			seen_keep_associations(s, earlier);
	}
}

static int on_watched(const struct bus_event *event)
{
	struct watch *w = event->owner;
	struct msg_watched m;

	if (bus_get_watched(event->frame->body, &m) != 0 || w->next == NULL)
		return BH_EPROTO;
	keep_associations(w);
	picture_free(&w->picture);
	w->picture = w->next;
	w->picture->taken_ms = clock_ms();
	w->next = NULL;
	w->spec.on_picture(w->spec.owner);
	return 0;
}

static int on_goodbye(const struct bus_event *event)
{
	struct watch *w = event->owner;
	struct msg_goodbye m;

	if (bus_get_goodbye(event->frame->body, &m) != 0)
		return BH_EPROTO;
	w->goodbye = true;
	return 0;
}

static const struct bus_handler handlers[] = {
	{BUS_INSTANCE, on_instance},
	{BUS_ASSOCIATIONS, on_associations},
	{BUS_WATCHED, on_watched},
	{BUS_GOODBYE, on_goodbye},
	{BUS_STATS_GET, counter_answer},
	ORDER_HANDLERS,
	{0, NULL},
};

static void on_up(void *owner, const struct msg_welcome *welcome)
{
	struct watch *w = owner;

	(void)welcome;
	w->up = true;
	w->goodbye = false;
	w->since_wish = 0;
	w->spec.on_router(w->spec.owner, NULL);
	ask(w);
}

static void on_down(void *owner, const char *why)
{
	struct watch *w = owner;
	bool was_up = w->up;

	w->up = false;
	picture_free(&w->next);
	w->spec.on_router(w->spec.owner, why);
	if (!was_up)
		return;
	w->router_deaths += !w->goodbye;
	picture_router_lost(w->picture, !w->goodbye);
	w->spec.on_picture(w->spec.owner);
}

/* ---- coming and going ------------------------------------------------------------------- */

int watch_start(const struct watch_spec *spec, struct watch **out)
{
	struct watch *w = bh_alloc(sizeof *w);
	struct bus_client_spec client = {
		.loop = spec->daemon->loop,
		.role = spec->role,
		.run_dir = spec->daemon->run_dir,
		.instance = spec->daemon->instance,
		.software = BULKHEAD_VERSION,
		.configuration = spec->daemon->configuration,
		.handlers = handlers,
		.owner = w,
		.on_up = on_up,
		.on_down = on_down,
	};
	int rc = bus_client_start(&client, &w->bus);

	if (rc != 0) {
		free(w);
		return rc;
	}
	w->spec = *spec;
	w->picture = picture_create();
	w->timer.data = w;
	uv_timer_init(spec->daemon->loop, &w->timer);
	uv_timer_start(&w->timer, on_timer, EVERY_MS, EVERY_MS);
	*out = w;
	return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct watch *w = handle->data;
	void (*done)(void *) = w->done;
	void *arg = w->done_arg;

	picture_free(&w->next);
	picture_free(&w->picture);
	free(w);
	done(arg);
}

static void on_bus_stopped(void *arg)
{
	struct watch *w = arg;

	uv_close((uv_handle_t *)&w->timer, on_timer_closed);
}

void watch_stop(struct watch **watch, void (*done)(void *), void *arg)
{
	struct watch *w = *watch;

	*watch = NULL;
	w->done = done;
	w->done_arg = arg;
	uv_timer_stop(&w->timer);
	bus_client_stop(&w->bus, on_bus_stopped, w);
}
