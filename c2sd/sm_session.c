/* XEP-0198: sessions that outlive their connections. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/decimal.h"
#include "base/err.h"
#include "bus/codes.h"
#include "c2sd/carried.h"
#include "c2sd/session.h"
#include "c2sd/sm.h"
#include "carry/kept.h"
#include "c2sd/sm_pace.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"

enum { SENT_ON_AT_ONCE = 500 };

void sm_too_early(struct client *c, const struct element *e)
{
	(void)e;
	sm_failed(c, STANZA_UNEXPECTED_REQUEST);
}

void sm_before_bind(struct client *c, const struct element *e)
{
	struct msg_resume m = {.id = element_attribute(e, "previd")};

	if (!str_is(e->name, "resume")) {
		sm_failed(c, STANZA_UNEXPECTED_REQUEST);
		return;
	}
	if (m.id.p == NULL || !decimal_read_u32(element_attribute(e, "h"), &m.h)) {
		sm_failed(c, STANZA_BAD_REQUEST);
		return;
	}
	if (c2sd_link(c->srv) == NULL)
		client_fail(c, STREAM_SYSTEM_SHUTDOWN, "the server restarts"); /* the session is not gone */
	else if (LINK_SEND(c2sd_link(c->srv), RESUME, resume, c->carried.id, &m) != 0)
		sm_failed(c, STANZA_ITEM_NOT_FOUND); /* no id of ours is that long */
	else
		c->state = CLIENT_RESUMING;
}

static void take_counts(struct client *c, const struct msg_resumed *m)
{
	struct sm *sm = sm_create(c);

	c->carried.in_number = c->carried.in_safe = c->carried.in_count = m->in_number;
	c->carried.out_number = c->carried.out_done = c->mark_number = m->out_number;
	sm->in_base = m->in_base;
	sm->out_base = m->out_base;
	sm->acked = sm->requested = m->out_number;
	sm->id = bh_strndup(m->id.p, m->id.len);
	sm->max = m->max;
	sm->enabled = true;
}

int on_resumed(const struct bus_event *event)
{
	struct client *c = client_find(event->owner, event->frame->subject);
	struct msg_resumed m;
	struct buf *out;

	if (bus_get_resumed(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c == NULL || c->state != CLIENT_RESUMING)
		return 0;
	session_take(c, &(struct msg_bound){
		.session = m.session, .epoch = m.epoch, .jid = m.jid});
	take_counts(c, &m);
	out = client_output(c);
	buf_printf(out, "<resumed xmlns='" NS_SM "' h='%u'", (uint32_t)(m.in_number - m.in_base));
	escape_put_attribute(out, "previd", m.id);
	buf_put_lit(out, "/>");
	return 0;
}

int on_resume_refused(const struct bus_event *event)
{
	struct client *c = client_find(event->owner, event->frame->subject);
	struct msg_resume_refused m;
	struct buf *out;

	if (bus_get_resume_refused(event->frame->body, &m) != 0 ||
		stanza_error_name(m.condition) == NULL)
		return BH_EPROTO;
	if (c == NULL || c->state != CLIENT_RESUMING)
		return 0;
	c->state = CLIENT_AUTHED;
	if (m.too_high != 0) {
		sm_too_high(c, m.h, m.sent);
		return 0;
	}
	out = client_output(c);
	buf_put_lit(out, "<failed xmlns='" NS_SM "'");
	if (m.known != 0)
		buf_printf(out, " h='%u'", m.h);
	buf_printf(out, "><%s xmlns='" NS_STANZA_ERRORS "'/></failed>", stanza_error_name(m.condition));
	return 0;
}

bool sm_outlives(const struct client *c)
{
	return c->sm != NULL && c->sm->id != NULL && c->session_known &&
	       (c->close_reason == CLOSE_LOST || c->close_reason == CLOSE_SHUTDOWN) &&
	       !(c->srv->stopping && c2sd_link(c->srv) == NULL);
}

/* Nothing is read from it or written to it any more. */
static void part(struct client *c)
{
	c->detached = true;
	inbound_cut(&c->carried);
	sm_pace_forget(c->sm);
}

void sm_detach(struct client *c)
{
	if (c->detached)
		return;
	part(c);
	inbound_note(&c->carried, NOTE_DETACH, false, 0);
}

void sm_send_on(struct c2sd *srv)
{
	unsigned left = SENT_ON_AT_ONCE;
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &srv->carrier.all);
	while (left > 0 && (n = map_walk_next(&walk)) != NULL) {
		struct client *c = container_of(n, struct client, carried.node);

		if (c->state != CLIENT_BOUND || c->sm == NULL || c->sm->id == NULL)
			continue;
		client_fail(c, STREAM_SYSTEM_SHUTDOWN, "resume elsewhere");
		left--;
	}
}

int on_fence(const struct bus_event *event)
{
	struct client *c = client_find(event->owner, event->frame->subject);
	struct msg_fence m;
	char text[257];

	if (bus_get_fence(event->frame->body, &m) != 0 || stream_error_name(m.condition) == NULL)
		return BH_EPROTO;
	if (c == NULL || c->sm == NULL || c->detached)
		return 0;
	memcpy(text, m.text.p != NULL ? m.text.p : "", m.text.len);
	text[m.text.len] = '\0';
	part(c);
	client_fail(c, m.condition, text);
	return 0;
}

int on_drop(const struct bus_event *event)
{
	struct client *c = client_find(event->owner, event->frame->subject);
	struct msg_drop m;

	if (bus_get_drop(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c != NULL && c->detached)
		client_dropped(c);
	return 0;
}
