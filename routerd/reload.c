/* All daemons take a new configuration, or none does. */
#include "routerd/reload.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/exits.h"
#include "bus/codes.h"
#include "bus/ctl_answer.h"
#include "bus/textlist.h"
#include "daemon/log.h"
#include "daemon/reload.h"
#include "routerd/front.h"
#include "routerd/requests.h"

enum { PATIENCE_MS = 15000, ASKS_EVERY_MS = 5000, COMING_BACK_MS = 2000, WHY_SIZE = 1200 };

/* In this order; keyd has the keys before anybody shows a certificate. */
enum stage { STAGE_NONE, STAGE_PREPARE, STAGE_KEYS, STAGE_OTHERS };

struct reload {
	uint64_t generation; /* of the one under way, or the last */
	enum stage stage;
	bool dry, again;
	bool catch_up; /* others take what we run on */
	uint64_t catch_up_ms; /* when that begins next; 0: it need not */
	uint64_t request; /* the administrator's; 0: a signal */
	uint64_t deadline_ms;
	bool put_off; /* a daemon has asked for another */
	uint64_t next_ask_ms; /* from when on one that asks is heard */
	struct buf rows;
	char why[WHY_SIZE]; /* the first refusal; "" without */
};

struct reload *reload_create(void)
{
	return bh_alloc(sizeof(struct reload));
}

void reload_free(struct reload **reload)
{
	if (*reload != NULL)
		buf_fini(&(*reload)->rows);
	free(*reload);
	*reload = NULL;
}

/* ---- the peers --------------------------------------------------------------------------------- */

static unsigned roles_of(enum stage stage)
{
	return stage == STAGE_KEYS ? ROLE_KEY : stage == STAGE_OTHERS ? ROLES_DAEMONS & ~(unsigned)ROLE_KEY : ROLES_DAEMONS;
}

static struct bus_peer *awaited(struct router *r)
{
	struct bus_peer *p = NULL;

	while ((p = bus_server_next(r->server, ROLES_DAEMONS, p)) != NULL)
		if (((struct front *)p->data)->reload == r->reload->generation)
			return p;
	return NULL;
}

/* What is to be taken. */
static const uint8_t *wanted(const struct router *r)
{
	return r->reload->catch_up ? r->daemon->configuration : conf_digest(reload_fresh(r->daemon));
}

bool reload_differs(const struct router *r, const struct bus_peer *p)
{
	static const uint8_t unknown[DIGEST_SHA256_SIZE];

	return memcmp(p->configuration, r->daemon->configuration, sizeof unknown) != 0 &&
	       memcmp(p->configuration, unknown, sizeof unknown) != 0;
}

static struct bus_peer *next_that_differs(struct router *r, struct bus_peer *p)
{
	do
		p = bus_server_next(r->server, ROLES_DAEMONS, p);
	while (p != NULL && !reload_differs(r, p));
	return p;
}

static void tell(struct router *r, struct bus_peer *p, enum reload_step step)
{
	struct msg_reload m = {.step = (uint8_t)step};

	if (step == RELOAD_PREPARE)
		m.digest = str_make((const char *)wanted(r), DIGEST_SHA256_SIZE);
	(void)LINK_SEND(p->link, RELOAD, reload, r->reload->generation, &m);
}

/* Only those that have prepared for it are told to adopt it: a newcomer has read the file. */
static void tell_all(struct router *r, enum stage stage, enum reload_step step)
{
	struct bus_peer *p = NULL;

	r->reload->stage = stage;
	r->reload->deadline_ms = clock_ms() + PATIENCE_MS;
	while ((p = bus_server_next(r->server, roles_of(stage), p)) != NULL) {
		struct front *front = p->data;

		if (step == RELOAD_PREPARE && (!r->reload->catch_up || reload_differs(r, p)))
			front->prepared = r->reload->generation;
		if (front->prepared != r->reload->generation)
			continue;
		front->reload = step == RELOAD_DISCARD ? 0 : r->reload->generation;
		tell(r, p, step);
	}
}

/* ---- what we tell ourselves ---------------------------------------------------------------------- */

static void row_shared(void *arg, const struct conf_change *change)
{
	static const char *const when[] = {
		[CONF_ON_RELOAD] = "applied",
		[CONF_ON_RESTART] = "needs a restart of all daemons",
		[CONF_ON_RUN] = "",
	};

	reload_row(arg, change, "%s", when[change->effect]);
}

static void row_of_run(void *arg, const struct conf_change *change)
{
	if (change->effect != CONF_ON_RUN)
		return;
	if (strtol(change->to, NULL, 10) > strtol(change->from, NULL, 10))
		reload_row(arg, change, "applied by \"bulkhead run\", if that runs the daemons");
	else
		reload_row(arg, change, "needs a restart of \"bulkhead run\", if that runs the daemons");
}

struct absent {
	struct buf *rows;
	const char *daemon;
};

static void row_absent(void *arg, const struct conf_change *change)
{
	const struct absent *a = arg;

	if (change->effect != CONF_ON_RUN)
		reload_row(a->rows, change, "applied when %s comes: it is not there now", a->daemon);
}

static bool runs(struct router *r, const char *daemon)
{
	struct bus_peer *p = NULL;

	if (strcmp(daemon, "routerd") == 0)
		return true;
	while ((p = bus_server_next(r->server, ROLES_DAEMONS, p)) != NULL)
		if (strcmp(bus_role_name(p->role), daemon) == 0)
			return true;
	return false;
}

/* The settings that are no daemon's alone, and those of daemons that are not there. */
static void add_own_rows(struct router *r)
{
	static const char *const shared[] = {"global", "domain", "component", "directory", "group"};
	const struct conf *now = r->daemon->conf, *fresh = reload_fresh(r->daemon);
	struct buf *rows = &r->reload->rows;
	const char *daemon;

	for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++)
		conf_compare(now, fresh, shared[i], row_shared, rows);
	for (size_t i = 0; (daemon = conf_daemon_section(i)) != NULL; i++) {
		conf_compare(now, fresh, daemon, row_of_run, rows);
		if (!runs(r, daemon))
			conf_compare(now, fresh, daemon, row_absent, &(struct absent){rows, daemon});
	}
	reload_rows(r->daemon, rows);
}

/* ---- the end ----------------------------------------------------------------------------------- */

static void send_rows(struct router *r, const struct request *q)
{
	struct str rows = buf_str(&r->reload->rows), cells[4];

	ctl_columns(q->asker->link, q->subject, "setting from to result");
	while (textlist_take(&rows, &cells[0]) && textlist_take(&rows, &cells[1]) && textlist_take(&rows, &cells[2]) &&
		textlist_take(&rows, &cells[3])) {
		struct ctl_row row;

		ctl_row_begin(&row, q->asker->link, q->subject);
		for (size_t i = 0; i < 4; i++)
			ctl_cell(&row, "%.*s", STR_FMT(cells[i]));
		ctl_row_end(&row);
	}
}

static void log_rows(const struct reload *l)
{
	struct str rows = buf_str(&l->rows), cells[4];

	while (textlist_take(&rows, &cells[0]) && textlist_take(&rows, &cells[1]) && textlist_take(&rows, &cells[2]) &&
		textlist_take(&rows, &cells[3]))
		log_event(str_is(cells[3], "applied") ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "setting",
			"name=%s from=%s to=%s result=%s", LOG_STR(cells[0]), LOG_STR(cells[1]), LOG_STR(cells[2]),
			LOG_STR(cells[3]));
}

static void answer(struct router *r, unsigned code, const char *text)
{
	struct reload *l = r->reload;
	struct request *q = l->request != 0 ? request_find(r, l->request, NULL) : NULL;

	if (q != NULL && code == EXIT_OK)
		send_rows(r, q);
	if (q != NULL)
		request_answer(r, q, &(struct reply){.code = code, .text = str_of(text)});
}

static void clear(struct reload *l)
{
	buf_fini(&l->rows);
	l->rows = BUF_INIT;
	l->stage = STAGE_NONE;
	l->again = false;
	l->catch_up = false;
}

static void finish(struct router *r, unsigned code, const char *text)
{
	bool again = r->reload->again;

	answer(r, code, text);
	clear(r->reload);
	if (again)
		reload_begin(r, NULL);
}

static void refuse(struct router *r)
{
	struct reload *l = r->reload;

	tell_all(r, STAGE_PREPARE, RELOAD_DISCARD);
	reload_discard(r->daemon);
	log_error("reload-refused", "reason=%s", LOG_TEXT(l->why));
	finish(r, EXIT_BAD_CONFIG, l->why);
}

static void end_dry(struct router *r)
{
	bool any = r->reload->rows.len > 0;

	tell_all(r, STAGE_PREPARE, RELOAD_DISCARD);
	reload_discard(r->daemon);
	finish(r, EXIT_OK, any ? "this would change; nothing has changed yet" : "nothing would change");
}

/* Who has come back meanwhile runs on the one of before, maybe: what it says cannot be told from now. */
static void adopt_own(struct router *r)
{
	struct reload *l = r->reload;
	char hex[2 * DIGEST_SHA256_SIZE + 1];
	bool any = l->rows.len > 0;

	if (!l->catch_up) {
		reload_adopt(r->daemon);
		l->catch_up_ms = clock_ms();
	}
	for (size_t i = 0; i < DIGEST_SHA256_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", r->daemon->configuration[i]);
	daemon_tell_configuration(hex);
	log_rows(l);
	log_info("reload-done", "settings=%s", any ? "changed" : "unchanged");
	if (l->why[0] != '\0')
		finish(r, EXIT_TEMPORARY, l->why);
	else
		finish(r, EXIT_OK, any ? "reloaded" : "reloaded; no setting has changed, certificates were read again");
}

/* ---- the way there ------------------------------------------------------------------------------- */

/* Goes to the next stage as long as nobody is awaited. */
static void go_on(struct router *r)
{
	struct reload *l = r->reload;

	while (l->stage != STAGE_NONE && awaited(r) == NULL) {
		if (l->stage == STAGE_PREPARE && l->why[0] != '\0') {
			refuse(r);
			return;
		}
		if (l->stage == STAGE_PREPARE && l->dry) {
			end_dry(r);
			return;
		}
		if (l->stage == STAGE_OTHERS) {
			adopt_own(r);
			return;
		}
		tell_all(r, l->stage == STAGE_PREPARE ? STAGE_KEYS : STAGE_OTHERS, RELOAD_ADOPT);
	}
}

/* A reload is for all of them, and need not wait for this. */
static void abandon(struct router *r)
{
	tell_all(r, STAGE_PREPARE, RELOAD_DISCARD);
	clear(r->reload);
}

static bool begin_refused(struct router *r, const struct reload_ask *ask)
{
	struct reload *l = r->reload;

	if (!r->stopping && l->catch_up)
		abandon(r);
	if (!r->stopping && l->stage == STAGE_NONE)
		return false;
	if (ask != NULL)
		ctl_end(ask->asker->link, ask->subject, EXIT_TEMPORARY, "%s",
			r->stopping ? "routerd stops" : "another reload is under way; try again");
	else
		l->again = true;
	return true;
}

void reload_begin(struct router *r, const struct reload_ask *ask)
{
	struct reload *l = r->reload;

	if (begin_refused(r, ask))
		return;
	l->generation++;
	l->dry = ask != NULL && ask->dry;
	l->request = ask != NULL ? request_open(r, ask->asker, ask->subject, NULL) : 0;
	l->why[0] = '\0';
	if (reload_prepare(r->daemon, NULL) != 0) {
		log_error("reload-refused", "reason=%s", LOG_TEXT(reload_why(r->daemon)));
		finish(r, EXIT_BAD_CONFIG, reload_why(r->daemon));
		return;
	}
	add_own_rows(r);
	tell_all(r, STAGE_PREPARE, RELOAD_PREPARE);
	go_on(r);
}

void reload_joined(struct router *r, const struct bus_peer *peer)
{
	if (r->reload->catch_up_ms == 0 && reload_differs(r, peer))
		r->reload->catch_up_ms = clock_ms() + COMING_BACK_MS;
}

/* As in a reload, keys come before certificates. */
static void catch_up(struct router *r)
{
	struct reload *l = r->reload;
	struct bus_peer *p = NULL;

	l->catch_up_ms = 0;
	if (next_that_differs(r, NULL) == NULL)
		return;
	while ((p = next_that_differs(r, p)) != NULL)
		log_warn("configuration-differs", "peer=%s", p->instance);
	l->generation++;
	l->catch_up = true;
	l->dry = false;
	l->request = 0;
	l->why[0] = '\0';
	tell_all(r, STAGE_PREPARE, RELOAD_PREPARE);
	go_on(r);
}

static void note_failure(struct reload *l, const char *who, struct str why)
{
	if (l->why[0] == '\0')
		snprintf(l->why, sizeof l->why, "%s: %.*s", who, STR_FMT(why));
}

int on_reload_state(const struct bus_event *event)
{
	struct router *r = front_of(event)->router;
	struct front *front = front_of(event);
	struct reload *l = r->reload;
	struct msg_reload_state m;

	if (bus_get_reload_state(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (front->reload != event->frame->subject || front->reload != l->generation || l->stage == STAGE_NONE)
		return 0; /* too late */
	front->reload = 0;
	if (m.refused != 0)
		note_failure(l, front->peer->instance, m.why);
	else if (l->stage == STAGE_PREPARE)
		buf_put_str(&l->rows, m.rows);
	else
		memcpy(front->peer->configuration, wanted(r), DIGEST_SHA256_SIZE);
	go_on(r);
	return 0;
}

static void begin_for_daemon(struct router *r)
{
	r->reload->put_off = false;
	r->reload->next_ask_ms = clock_ms() + ASKS_EVERY_MS;
	reload_begin(r, NULL);
}

/* Whoever has taken over a daemon could keep the others at it for ever, and authd's log-ins failing. */
int on_reload_ask(const struct bus_event *event)
{
	struct router *r = front_of(event)->router;
	const struct bus_peer *peer = event->owner;
	struct msg_reload_ask m;

	if (bus_get_reload_ask(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (r->reload->put_off)
		return 0;
	log_info("reload-asked", "peer=%s", peer->instance);
	if (clock_ms() < r->reload->next_ask_ms)
		r->reload->put_off = true;
	else
		begin_for_daemon(r);
	return 0;
}

/* What we have prepared ourselves is discarded already. */
void reload_stop(struct router *r)
{
	struct reload *l = r->reload;

	if (l->stage == STAGE_NONE)
		return;
	tell_all(r, STAGE_PREPARE, RELOAD_DISCARD);
	l->again = false;
	finish(r, EXIT_TEMPORARY, "routerd stops");
}

void reload_lost(struct router *r, const struct bus_peer *peer)
{
	struct front *front = peer->data;

	front->prepared = 0;
	if (front->reload == 0)
		return;
	front->reload = 0;
	go_on(r);
}

void reload_tick(struct router *r)
{
	struct reload *l = r->reload;
	struct bus_peer *p;

	if (l->stage == STAGE_NONE && l->put_off && clock_ms() >= l->next_ask_ms)
		begin_for_daemon(r);
	if (l->stage == STAGE_NONE && l->catch_up_ms != 0 && clock_ms() >= l->catch_up_ms)
		catch_up(r);
	if (l->stage == STAGE_NONE || clock_ms() < l->deadline_ms)
		return;
	while ((p = awaited(r)) != NULL) {
		note_failure(l, p->instance, STR_LIT("it does not answer"));
		((struct front *)p->data)->reload = 0;
	}
	go_on(r);
}
