/* Both directions, each with its own half. */
#include "s2sd/sm.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "bus/codes.h"
#include "s2sd/outgoing.h"
#include "s2sd/peer.h"
#include "s2sd/way.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"

void sm_fini(struct peer_sm *sm)
{
	free(sm->id);
}

/* 0..2^32-1; false for anything else. */
static bool number(struct str text, uint32_t *out)
{
	uint64_t n = 0;

	if (text.p == NULL || text.len == 0 || text.len > 10)
		return false;
	for (uint32_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		n = 10 * n + (uint64_t)(text.p[i] - '0');
	}
	*out = (uint32_t)n;
	return n <= UINT32_MAX;
}

/* ---- ours ------------------------------------------------------------------------------ */

static void enable(struct peer *p)
{
	buf_put_lit(peer_output(p), "<enable xmlns='" NS_SM "' resume='true'/>");
	p->state = OUT_ENABLING;
}

void sm_begin(struct peer *p)
{
	const char *previous = p->outgoing != NULL ? outgoing_previous(p->outgoing) : NULL;
	struct buf *out;

	if (!p->sm.offered) {
		p->state = OUT_OPEN;
		outgoing_opened(p);
	} else if (previous != NULL) {
		out = peer_output(p);
		buf_put_lit(out, "<resume xmlns='" NS_SM "' h='0'");
		escape_put_attribute(out, "previd", str_of(previous));
		buf_put_lit(out, "/>");
		p->state = OUT_RESUMING;
	} else {
		enable(p);
	}
}

static void ready(struct peer *p)
{
	p->state = OUT_OPEN;
	outgoing_opened(p);
}

static void enabled(struct peer *p, const struct element *e)
{
	struct str resume = element_attribute(e, "resume"), id = element_attribute(e, "id");

	p->sm.enabled = true;
	if (id.p != NULL && id.len < 256 && (str_is(resume, "true") || str_is(resume, "1")))
		p->sm.id = bh_strndup(id.p, id.len);
	ready(p);
}

static void resumed(struct peer *p, const struct element *e)
{
	p->sm.enabled = p->sm.resumed = number(element_attribute(e, "h"), &p->sm.h);
	if (p->sm.resumed)
		ready(p);
	else
		peer_fail(p, STREAM_BAD_FORMAT, "<resumed/> without a number");
}

/* The remote does not know the stream any more; perhaps how far it had come.  Or it does not do this at all. */
static void failed(struct peer *p, const struct element *e)
{
	if (p->state == OUT_ENABLING) {
		ready(p);
		return;
	}
	p->sm.known = number(element_attribute(e, "h"), &p->sm.h);
	enable(p);
}

void sm_request(struct peer *p)
{
	if (!p->sm.enabled || p->sm.asking || p->state != OUT_OPEN || p->way == NULL || !way_unfinished(p->way))
		return;
	p->sm.asking = true;
	buf_put_lit(peer_output(p), "<r xmlns='" NS_SM "'/>");
}

static void acknowledged(struct peer *p, const struct element *e)
{
	uint32_t h;

	if (!number(element_attribute(e, "h"), &h)) {
		peer_fail(p, STREAM_BAD_FORMAT, "an <a/> without a number");
		return;
	}
	p->sm.asking = false;
	if (p->way != NULL && p->sm.enabled && !way_acknowledged(p->way, h))
		peer_fail(p, STREAM_UNDEFINED_CONDITION, "it acknowledges what was never sent");
	else
		sm_request(p);
}

/* ---- theirs ---------------------------------------------------------------------------- */

static void refuse(struct peer *p, enum stanza_error condition)
{
	buf_printf(peer_output(p), "<failed xmlns='" NS_SM "'><%s xmlns='" NS_STANZA_ERRORS "'/></failed>",
		stanza_error_name(condition));
}

/* In its place among the stanzas: so both we and routerd know from which on is counted. */
static void enable_theirs(struct peer *p, const struct element *e)
{
	struct str resume = element_attribute(e, "resume");
	bool wanted = str_is(resume, "true") || str_is(resume, "1");
	uint32_t max;

	if (p->ours || !p->bound || p->sm.enabled || p->sm.enabling || p->sm.resuming) {
		refuse(p, STANZA_UNEXPECTED_REQUEST);
		return;
	}
	if (!number(element_attribute(e, "max"), &max))
		max = UINT32_MAX;
	p->sm.enabling = true;
	p->sm.in_base = inbound_count(&p->carrying.carried);
	inbound_note(&p->carrying.carried, NOTE_ENABLE, wanted, max);
}

int on_sm_enabled(const struct bus_event *event)
{
	struct peer *p = peer_find(event->owner, event->frame->subject);
	struct msg_sm_enabled m;
	struct buf *out;

	if (bus_get_sm_enabled(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (p == NULL || p->state == PEER_CLOSING || !p->sm.enabling)
		return 0;
	p->sm.enabling = false;
	p->sm.enabled = true;
	out = peer_output(p);
	buf_put_lit(out, "<enabled xmlns='" NS_SM "'");
	if (m.id.p != NULL) {
		p->sm.id = bh_strndup(m.id.p, m.id.len);
		escape_put_attribute(out, "id", m.id);
		buf_printf(out, " resume='true' max='%u'", m.max);
	}
	buf_put_lit(out, "/>");
	return 0;
}

/* Its session is one that there was before; the one that it has got meanwhile is empty and goes. */
static void resume_theirs(struct peer *p, const struct element *e)
{
	struct msg_resume m = {.id = element_attribute(e, "previd")};
	struct link *link = s2sd_link(p->carrying.srv);

	if (p->ours || !p->bound || p->sm.enabled || p->sm.enabling || p->sm.resuming ||
		inbound_count(&p->carrying.carried) > 0)
		refuse(p, STANZA_UNEXPECTED_REQUEST);
	else if (m.id.p == NULL || link == NULL || LINK_SEND(link, RESUME, resume, p->carrying.carried.id, &m) != 0)
		refuse(p, STANZA_ITEM_NOT_FOUND);
	else
		p->sm.resuming = true;
}

void sm_resumed(struct peer *p, const struct msg_resumed *m)
{
	struct carried *c = &p->carrying.carried;
	struct buf *out;

	c->session = m->session;
	c->epoch = m->epoch;
	c->in_number = c->in_safe = c->in_count = m->in_number;
	p->sm.in_base = m->in_base;
	p->sm.resuming = false;
	p->sm.enabled = true;
	p->sm.id = bh_strndup(m->id.p, m->id.len);
	out = peer_output(p);
	buf_printf(out, "<resumed xmlns='" NS_SM "' h='%u'", (uint32_t)(m->in_number - m->in_base));
	escape_put_attribute(out, "previd", m->id);
	buf_put_lit(out, "/>");
}

void sm_resume_refused(struct peer *p, const struct msg_resume_refused *m)
{
	struct buf *out = peer_output(p);

	p->sm.resuming = false;
	buf_put_lit(out, "<failed xmlns='" NS_SM "'");
	if (m->known != 0)
		buf_printf(out, " h='%u'", m->h);
	buf_printf(out, "><%s xmlns='" NS_STANZA_ERRORS "'/></failed>", stanza_error_name(m->condition));
}

/* ---- a stream that is lost ----------------------------------------------------------- */

bool sm_outlives(const struct peer *p)
{
	const struct s2sd *srv = p->carrying.srv;

	return !p->ours && p->sm.enabled && p->sm.id != NULL && p->bound &&
	       (p->close_reason == CLOSE_LOST || p->close_reason == CLOSE_SHUTDOWN) &&
	       !(srv->stopping && s2sd_link(srv) == NULL);
}

/* What it sent and routerd has not is not acknowledged: it comes again. */
static void part(struct peer *p)
{
	p->detached = true;
	p->sm.asked = false;
	inbound_cut(&p->carrying.carried);
}

void sm_detach(struct peer *p)
{
	if (p->detached)
		return;
	part(p);
	inbound_note(&p->carrying.carried, NOTE_DETACH, false, 0);
}

int on_fence(const struct bus_event *event)
{
	struct peer *p = peer_find(event->owner, event->frame->subject);
	struct msg_fence m;
	char text[257];

	if (bus_get_fence(event->frame->body, &m) != 0 || stream_error_name(m.condition) == NULL)
		return BH_EPROTO;
	if (p == NULL || p->detached)
		return 0;
	snprintf(text, sizeof text, "%.*s", STR_FMT(m.text));
	part(p);
	peer_fail(p, m.condition, text);
	return 0;
}

int on_drop(const struct bus_event *event)
{
	struct peer *p = peer_find(event->owner, event->frame->subject);
	struct msg_drop m;

	if (bus_get_drop(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (p != NULL && p->detached)
		peer_dropped(p);
	return 0;
}

void sm_answer(struct peer *p, bool late)
{
	const struct carried *c = &p->carrying.carried;
	uint64_t safe = c->in_safe > p->sm.in_base ? c->in_safe - p->sm.in_base : 0;

	if (!p->sm.asked || !p->sm.enabled || p->state == PEER_CLOSING || (!late && c->in_safe < p->sm.asked_for))
		return;
	p->sm.asked = c->in_safe < p->sm.asked_for;
	buf_printf(peer_output(p), "<a xmlns='" NS_SM "' h='%u'/>", (uint32_t)safe);
}

static void requested(struct peer *p)
{
	p->sm.asked = true;
	p->sm.asked_for = inbound_count(&p->carrying.carried);
	sm_answer(p, false);
}

void sm_element(struct peer *p, const struct element *e)
{
	if (p->state == OUT_ENABLING && str_is(e->name, "enabled"))
		enabled(p, e);
	else if (p->state == OUT_RESUMING && str_is(e->name, "resumed"))
		resumed(p, e);
	else if ((p->state == OUT_ENABLING || p->state == OUT_RESUMING) && str_is(e->name, "failed"))
		failed(p, e);
	else if (str_is(e->name, "a"))
		acknowledged(p, e);
	else if (str_is(e->name, "r"))
		requested(p);
	else if (str_is(e->name, "enable"))
		enable_theirs(p, e);
	else if (str_is(e->name, "resume"))
		resume_theirs(p, e);
}
