/* The levels of the logs: each daemon is asked, and the last to answer ends the list. */
#include "routerd/levels.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/exits.h"
#include "bus/ctl_answer.h"
#include "bus/textlist.h"
#include "daemon/log.h"
#include "routerd/front.h"
#include "routerd/requests.h"

/* A list under way. */
struct listing {
	struct router *router;
	uint64_t id; /* of the administrator's request, who may have left */
	unsigned waiting;
};

/* One that was asked. */
struct asked {
	struct listing *listing;
	char instance[65];
};

static void put_row(const struct listing *l, const char *instance, const char *level)
{
	struct request *q = request_find(l->router, l->id, NULL);
	struct ctl_row row;

	if (q == NULL)
		return;
	ctl_row_begin(&row, q->asker->link, q->subject);
	ctl_cell(&row, "%s", instance);
	ctl_cell(&row, "%s", level);
	ctl_row_end(&row);
}

static void finish(struct listing *l)
{
	struct request *q = request_find(l->router, l->id, NULL);

	if (--l->waiting > 0)
		return;
	if (q != NULL)
		request_answer(l->router, q, &(struct reply){.code = EXIT_OK});
	free(l);
}

static void on_level(void *arg, const struct reply *reply)
{
	struct asked *a = arg;

	put_row(a->listing, a->instance, reply->lost ? "-" : log_level_name((enum log_level)reply->code));
	finish(a->listing);
	free(a);
}

static void ask_peer(struct listing *l, struct bus_peer *p)
{
	struct asked *a = bh_alloc(sizeof *a);
	struct msg_log_get m = {};
	uint64_t id = request_ask(l->router, p, on_level, a);

	if (id == 0) {
		free(a);
		return;
	}
	a->listing = l;
	snprintf(a->instance, sizeof a->instance, "%s", p->instance);
	l->waiting++;
	(void)LINK_SEND(p->link, LOG_GET, log_get, id, &m);
}

static void list(struct router *r, const struct relay_ask *ask)
{
	struct listing *l = bh_alloc(sizeof *l);
	struct bus_peer *p = NULL;

	l->router = r;
	l->id = request_open(r, ask->asker, ask->subject, NULL);
	l->waiting = 1; /* we ourselves */
	ctl_columns(ask->asker->link, ask->subject, "instance level");
	put_row(l, "routerd", log_level_name(log_level()));
	while ((p = bus_server_next(r->server, ROLES_DAEMONS, p)) != NULL)
		ask_peer(l, p);
	finish(l);
}

int on_log_is(const struct bus_event *event)
{
	struct router *r = front_of(event)->router;
	struct request *q = request_find(r, event->frame->subject, event->owner);
	struct msg_log_is m;

	if (bus_get_log_is(event->frame->body, &m) != 0 || m.log_level > LOG_LEVEL_DEBUG)
		return BH_EPROTO;
	if (q != NULL && q->fn == on_level)
		request_answer(r, q, &(struct reply){.code = m.log_level});
	return 0;
}

/* Who did it, by the kernel's word: less in the log may hide something. */
static void tell(const struct bus_peer *asker, struct str instance, enum log_level level)
{
	pid_t pid;
	uid_t uid;

	link_credentials(asker->link, &pid, &uid);
	log_audit("log-level", "uid=%ld pid=%ld daemon=%s level=%s", (long)uid, (long)pid, LOG_STR(instance),
		log_level_name(level));
}

static void set(struct router *r, const struct relay_ask *ask, struct str instance, enum log_level level)
{
	struct msg_set_log m = {.log_level = (uint8_t)level};
	struct bus_peer *p = bus_server_find(r->server, instance);

	if (str_is(instance, "routerd"))
		log_set_level(level);
	else if (p != NULL)
		(void)LINK_SEND(p->link, SET_LOG, set_log, 0, &m);
	if (p == NULL && !str_is(instance, "routerd")) {
		ctl_end(ask->asker->link, ask->subject, EXIT_NOT_FOUND, "no daemon \"%.*s\" is running", STR_FMT(instance));
		return;
	}
	tell(ask->asker, instance, level);
	ctl_end(ask->asker->link, ask->subject, EXIT_OK, "%s", "");
}

void levels_ask(struct router *r, const struct relay_ask *ask)
{
	struct str args = ask->args, instance, level;
	enum log_level wanted;
	char word[16];

	if (!textlist_take(&args, &instance)) {
		list(r, ask);
		return;
	}
	if (!textlist_take(&args, &level))
		level = STR_LIT("");
	snprintf(word, sizeof word, "%.*s", STR_FMT(level));
	if (log_level_parse(word, &wanted))
		set(r, ask, instance, wanted);
	else
		ctl_end(ask->asker->link, ask->subject, EXIT_USAGE, "the levels are error, warn, info and debug");
}
