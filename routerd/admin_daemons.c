/* Verbs about daemons: status, stats, log, trace, restart, reload, drain. */
#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/exits.h"
#include "bus/textlist.h"
#include "daemon/counter.h"
#include "daemon/log.h"
#include "routerd/admin.h"
#include "routerd/busy.h"
#include "routerd/front.h"
#include "routerd/hibernate.h"
#include "routerd/instances.h"
#include "routerd/levels.h"
#include "routerd/reload.h"
#include "routerd/requests.h"
#include "routerd/trace.h"
#include "routerd/verb.h"

enum { BUSY_SHOWN = 20 };

static const char *daemon_of(const struct bus_peer *p)
{
	return bus_role_name(p->role);
}

static void status_row(const struct ask *q, const struct bus_peer *p, const char *state)
{
	struct front *front = p->data;
	struct ctl_row row;

	ctl_row_begin(&row, q->asker->link, q->subject);
	ctl_cell(&row, "%s", daemon_of(p));
	ctl_cell(&row, "%s", p->instance);
	ctl_cell(&row, "%ld", (long)p->pid);
	ctl_cell(&row, "%lu", (unsigned long)((clock_ms() - p->started_ms) / 1000));
	ctl_cell(&row, "%s", p->software);
	ctl_cell(&row, "%s", state);
	ctl_cell(&row, "%zu", front->connections.count);
	ctl_cell(&row, "%u", instance_restarts(q->router, p->instance));
	ctl_row_end(&row);
}

static const char *state_of(const struct router *r, const struct bus_peer *p)
{
	const struct front *front = p->data;

	if (front->draining)
		return "draining";
	return reload_differs(r, p) ? "other configuration" : "up";
}

static void verb_status(const struct ask *q)
{
	struct router *r = q->router;
	struct bus_peer self = {
		.role = ROLE_ROUTER, .pid = getpid(), .started_ms = r->started_ms,
		.instance = "routerd", .software = BULKHEAD_VERSION,
	};
	struct front none = {.connections.count = r->sessions.count};
	struct bus_peer *p = NULL;

	self.data = &none;
	ctl_columns(q->asker->link, q->subject, "daemon instance pid uptime version state sessions restarts");
	status_row(q, &self, hibernate_healed(r) ? "custody: healed" : "custody: healing");
	while ((p = bus_server_next(r->server, ROLES_DAEMONS, p)) != NULL)
		status_row(q, p, state_of(r, p));
	ask_done(q);
}

static struct bus_peer *instance_argument(const struct ask *q, struct str *args)
{
	struct bus_peer *p;
	struct str name;

	if (!textlist_take(args, &name))
		name = STR_LIT("");
	p = bus_server_find(q->router->server, name);
	if (p == NULL)
		ctl_end(q->asker->link, q->subject, EXIT_NOT_FOUND, "no daemon \"%.*s\" is running", STR_FMT(name));
	return p;
}

static void counter_rows(struct link *link, uint64_t subject, struct str list)
{
	char value[COUNTED_TEXT_SIZE];
	struct counted c;

	ctl_columns(link, subject, "counter value about");
	while (counter_take(&list, &c)) {
		struct ctl_row row;

		counted_text(&c, value);
		ctl_row_begin(&row, link, subject);
		ctl_cell(&row, "%.*s", STR_FMT(c.name));
		ctl_cell(&row, "%s", value);
		ctl_cell(&row, "%.*s", STR_FMT(c.about));
		ctl_row_end(&row);
	}
	ctl_end(link, subject, EXIT_OK, "%s", "");
}

/* Our own counters, or those that another daemon tells us. */
static void verb_stats(const struct ask *q)
{
	struct msg_stats_get m = {};
	struct buf own = BUF_INIT;
	struct str args = q->args, name = STR_NONE, rest = q->args;
	struct bus_peer *p;
	uint64_t id;

	if (!textlist_take(&args, &name) || str_is(name, "routerd")) {
		counter_list(&own);
		counter_rows(q->asker->link, q->subject, buf_str(&own));
		buf_fini(&own);
		return;
	}
	p = instance_argument(q, &rest);
	if (p == NULL)
		return;
	id = request_open(q->router, q->asker, q->subject, p);
	(void)LINK_SEND(p->link, STATS_GET, stats_get, id, &m);
}

static void verb_log_level(const struct ask *q)
{
	levels_ask(q->router, &(struct relay_ask){q->asker, q->subject, STR_LIT("log.level"), q->args});
}

static void verb_trace(const struct ask *q)
{
	trace_begin(q->router, &(struct relay_ask){q->asker, q->subject, STR_LIT("trace"), q->args});
}

/* "--dry-run": what it would change. */
static void verb_reload(const struct ask *q)
{
	struct str args = q->args, arg = STR_NONE;
	bool dry = textlist_take(&args, &arg) && str_is(arg, "--dry-run");

	reload_begin(q->router, &(struct reload_ask){q->asker, q->subject, dry});
}

static void verb_restart(const struct ask *q)
{
	struct str args = q->args, rest = q->args, name;
	struct msg_restart m;
	struct bus_peer *p;

	if (textlist_take(&args, &name) && str_is(name, "routerd")) {
		daemon_restart(q->router->daemon);
	} else {
		p = instance_argument(q, &rest);
		if (p == NULL)
			return;
		(void)LINK_SEND(p->link, RESTART, restart, 0, &m);
	}
	ask_done(q);
}

static void verb_drain(const struct ask *q)
{
	struct str rest = q->args;
	struct msg_drain m;
	struct bus_peer *p = instance_argument(q, &rest);
	struct front *front = p != NULL ? p->data : NULL;

	if (p == NULL)
		return;
	if ((p->role & ROLES_FRONT) == 0) {
		ctl_end(q->asker->link, q->subject, EXIT_USAGE, "only a c2sd or an s2sd can be drained");
		return;
	}
	front->draining = true;
	(void)LINK_SEND(p->link, DRAIN, drain, 0, &m);
	ask_done(q);
}

int on_stats(const struct bus_event *event)
{
	struct router *r = front_of(event)->router;
	struct request *q = request_find(r, event->frame->subject, event->owner);
	struct msg_stats m;

	if (bus_get_stats(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (q == NULL)
		return 0;
	if (q->asker == NULL) {
		request_answer(r, q, &(struct reply){.text = m.counters});
		return 0;
	}
	counter_rows(q->asker->link, q->subject, m.counters);
	request_close(r, q);
	return 0;
}

/* ---- who is busy ----------------------------------------------------------------------------- */

struct busy_rows {
	const struct ask *q;
	const char *kind;
};

static void busy_row(void *arg, const char *name, double rate)
{
	const struct busy_rows *rows = arg;
	struct ctl_row row;

	ctl_row_begin(&row, rows->q->asker->link, rows->q->subject);
	ctl_cell(&row, "%s", rows->kind);
	ctl_cell(&row, "%s", name);
	ctl_cell(&row, "%.1f", rate * BUSY_SAMPLE);
	ctl_row_end(&row);
}

static void verb_busy(const struct ask *q)
{
	uint64_t now = uv_now(q->router->daemon->loop);

	ctl_columns(q->asker->link, q->subject, "kind name messages_per_second");
	busy_each(q->router->busy_accounts, now, BUSY_SHOWN, busy_row, &(struct busy_rows){q, "account"});
	busy_each(q->router->busy_domains, now, BUSY_SHOWN, busy_row, &(struct busy_rows){q, "domain"});
	ask_done(q);
}

const struct verb daemon_verbs[] = {
	{"status", verb_status, false},
	{"busy", verb_busy, false},
	{"stats", verb_stats, false},
	{"log.level", verb_log_level, true},
	{"trace", verb_trace, true},
	{"restart", verb_restart, true},
	{"reload", verb_reload, true},
	{"drain", verb_drain, true},
	{NULL, NULL, false},
};
