/* A way's life as routerd has it: it is wanted, knows its session, and gets stanzas. */
#include "s2sd/way.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "bus/mark.h"
#include "carry/kept.h"
#include "s2sd/peer.h"
#include "s2sd/sm.h"
#include "s2sd/way_private.h"
#include "xmpp/error.h"

static struct way *create(struct s2sd *srv, const char *pair, const struct msg_reach *m)
{
	struct way *w = bh_alloc(sizeof *w);

	w->carrying.thing = THING_WAY;
	w->carrying.srv = srv;
	w->kept = RECORDS_INIT;
	w->pair = bh_strdup(pair);
	w->local = bh_strndup(m->local.p, m->local.len);
	w->remote = bh_strndup(m->remote.p, m->remote.len);
	if (carrier_add(&srv->carrier, &w->carrying.carried) == 0) {
		if (map_add(&srv->ways, &w->node, w->pair, strlen(w->pair)) == 0)
			return w;
		carrier_remove(&w->carrying.carried);
	}
	free(w->pair);
	free(w->local);
	free(w->remote);
	free(w);
	return NULL;
}

int on_reach(const struct bus_event *event)
{
	struct s2sd *srv = event->owner;
	struct msg_resume resume = {0};
	struct msg_reach m;
	char pair[PAIR_MAX];
	struct way *w;

	if (bus_get_reach(event->frame->body, &m) != 0)
		return BH_EPROTO;
	snprintf(pair, sizeof pair, "%.*s/%.*s", STR_FMT(m.remote), STR_FMT(m.local));
	if (srv->stopping || way_find_pair(srv, pair) != NULL)
		return 0;
	w = create(srv, pair, &m);
	if (w == NULL)
		return 0;
	resume.id = m.id;
	return LINK_SEND(event->link, RESUME, resume, w->carrying.carried.id, &resume);
}

/* As way_tell() wrote it; the third came later. */
static void take_state(struct way *w, struct str state)
{
	char text[768], *rest = text, *end;
	const char *id, *session;
	long base;

	snprintf(text, sizeof text, "%.*s", STR_FMT(state));
	base = strtol(strsep(&rest, " "), &end, 10);
	id = strsep(&rest, " ");
	session = strsep(&rest, " ");
	if (*end != '\0' || id == NULL)
		return;
	w->sm_base = base;
	way_set(&w->sm_id, strcmp(id, "-") != 0 ? id : NULL);
	way_set(&w->session, session != NULL && strcmp(session, "-") != 0 ? session : NULL);
	if (w->sm_id == NULL && w->session != NULL)
		w->until_ms = clock_ms() + RESUME_MS;
}

int on_resumed(const struct bus_event *event)
{
	struct way *w = way_find(event->owner, event->frame->subject);
	struct peer *p = peer_find(event->owner, event->frame->subject);
	struct carried *c;
	struct msg_resumed m;

	if (bus_get_resumed(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (p != NULL && p->sm.resuming && p->state != PEER_CLOSING)
		sm_resumed(p, &m);
	if (w == NULL)
		return 0;
	c = &w->carrying.carried;
	c->session = m.session;
	c->epoch = m.epoch;
	c->out_number = c->out_done = m.out_number;
	take_state(w, m.state);
	w->bound = true;
	if (w->session != NULL)
		way_seek(w); /* whether or not we have something to send */
	return 0;
}

int on_resume_refused(const struct bus_event *event)
{
	struct way *w = way_find(event->owner, event->frame->subject);
	struct peer *p = peer_find(event->owner, event->frame->subject);
	struct msg_resume_refused m;

	if (bus_get_resume_refused(event->frame->body, &m) != 0 || stanza_error_name(m.condition) == NULL)
		return BH_EPROTO;
	if (p != NULL && p->sm.resuming && p->state != PEER_CLOSING)
		sm_resume_refused(p, &m);
	if (w != NULL)
		way_give_back(w);
	return 0;
}

static void deliver(struct way *w, const struct bus_event *event, const struct msg_deliver *m, uint64_t n)
{
	carried_accept(&w->carrying.carried, event, m, n);
	kept_add(&w->kept, m, n);
	if (w->peer != NULL && !w->telling) {
		way_write(w, m->from, m->additions, m->stanza);
		way_sent(w);
	} else if (w->peer == NULL && w->outgoing == NULL && !w->waiting) {
		way_seek(w);
	}
}

int on_deliver(const struct bus_event *event)
{
	struct msg_deliver m;
	struct target t;

	if (bus_get_deliver(event->frame->body, &m) != 0 || m.targets.len % TARGET_SIZE != 0)
		return BH_EPROTO;
	while (target_take(&m.targets, &t)) {
		struct way *w = way_find(event->owner, t.subject);

		if (w != NULL && w->bound && w->carrying.carried.epoch == t.epoch)
			deliver(w, event, &m, t.n);
	}
	return 0;
}
