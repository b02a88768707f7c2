/* Both directions, each with its own half. */
#include "s2sd/sm.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/decimal.h"
#include "base/err.h"
#include "bus/codes.h"
#include "s2sd/bidi.h"
#include "s2sd/outgoing.h"
#include "s2sd/peer.h"
#include "s2sd/way.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"

void sm_fini(struct peer_sm *sm)
{
	free(sm->id);
	free(sm->session);
}

/* ---- ours ------------------------------------------------------------------------------ */

static void enable(struct peer *p)
{
	buf_put_lit(peer_output(p), "<enable xmlns='" NS_SM "' resume='true'/>");
	p->state = OUT_ENABLING;
}

/* Both halves go on where they were, or none. */
static void resume(struct peer *p, const char *previous)
{
	const struct carried *c = &p->carrying.carried;
	uint32_t h = p->sm.session_resumed ? (uint32_t)(c->in_number - p->sm.in_base) : 0;
	struct buf *out = peer_output(p);

	buf_printf(out, "<resume xmlns='" NS_SM "' h='%u'", h);
	escape_put_attribute(out, "previd", str_of(previous));
	buf_put_lit(out, "/>");
	p->state = OUT_RESUMING;
}

void sm_begin(struct peer *p)
{
	struct previous previous = outgoing_previous(p->outgoing);

	if (!p->sm.offered) {
		p->state = OUT_OPEN;
		outgoing_opened(p);
	} else if (previous.id != NULL && (previous.session != NULL) == p->sm.session_resumed) {
		resume(p, previous.id);
	} else {
		enable(p);
	}
}

static void ready(struct peer *p)
{
	p->state = OUT_OPEN;
	outgoing_opened(p);
}

/* In its place among the stanzas: so both we and routerd know from which on is counted. */
void sm_count_session(struct peer *p, bool resumable, uint32_t max)
{
	p->sm.enabling = true;
	p->sm.in_base = inbound_count(&p->carrying.carried);
	inbound_note(&p->carrying.carried, NOTE_ENABLE, resumable, max);
}

/* It is kept as one of several words (way_tell()), of which "-" is none. */
static bool may_be_kept(struct str id)
{
	return id.len > 0 && id.len < 256 && memchr(id.p, ' ', id.len) == NULL && !str_is(id, "-");
}

static void enabled(struct peer *p, const struct element *e)
{
	struct str resume = element_attribute(e, "resume"), id = element_attribute(e, "id");

	p->sm.enabled = true;
	if (may_be_kept(id) && (str_is(resume, "true") || str_is(resume, "1")))
		p->sm.id = bh_strndup(id.p, id.len);
	ready(p);
	if (!p->bidi || p->state != OUT_OPEN)
		return;
	if (inbound_count(&p->carrying.carried) != p->sm.in_base)
		sm_count_session(p, true, UINT32_MAX); /* what has come before does not count */
	else if (p->way != NULL)
		way_comes_back(p->way, p->sm.session);
}

static void resumed(struct peer *p, const struct element *e)
{
	p->sm.enabled = p->sm.resumed = decimal_read_u32(element_attribute(e, "h"), &p->sm.h);
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
	p->sm.known = decimal_read_u32(element_attribute(e, "h"), &p->sm.h);
	if (p->sm.session_resumed)
		outgoing_not_resumed(p, p->sm.known, p->sm.h); /* what has come back goes on alone */
	else
		enable(p);
}

void sm_request(struct peer *p)
{
	if (!p->sm.enabled || p->sm.asking || p->way == NULL || !way_unfinished(p->way))
		return;
	p->sm.asking = true;
	buf_put_lit(peer_output(p), "<r xmlns='" NS_SM "'/>");
}

static void acknowledged(struct peer *p, const struct element *e)
{
	uint32_t h;

	if (!decimal_read_u32(element_attribute(e, "h"), &h)) {
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

static void enable_theirs(struct peer *p, const struct element *e)
{
	struct str resume = element_attribute(e, "resume");
	bool wanted = str_is(resume, "true") || str_is(resume, "1");
	uint32_t max;

	if (p->ours || !p->bound || p->sm.enabled || p->sm.enabling || p->sm.resuming) {
		refuse(p, STANZA_UNEXPECTED_REQUEST);
		return;
	}
	if (!decimal_read_u32(element_attribute(e, "max"), &max))
		max = UINT32_MAX;
	sm_count_session(p, wanted, max);
}

static void say_enabled(struct peer *p, const struct msg_sm_enabled *m)
{
	struct buf *out = peer_output(p);

	p->sm.enabled = true;
	buf_put_lit(out, "<enabled xmlns='" NS_SM "'");
	if (m->id.p != NULL) {
		escape_put_attribute(out, "id", m->id);
		buf_printf(out, " resume='true' max='%u'", m->max);
	}
	buf_put_lit(out, "/>");
	if (p->way != NULL)
		way_counted(p->way);
	else
		bidi_open(p);
}

int on_sm_enabled(const struct bus_event *event)
{
	struct peer *p = peer_find(event->owner, event->frame->subject);
	struct msg_sm_enabled m;

	if (bus_get_sm_enabled(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (p == NULL || p->state == PEER_CLOSING || !p->sm.enabling)
		return 0;
	p->sm.enabling = false;
	p->sm.counted = true;
	free(p->sm.session);
	p->sm.session = m.id.p != NULL ? bh_strndup(m.id.p, m.id.len) : NULL;
	if (!p->ours)
		say_enabled(p, &m);
	else if (p->way != NULL)
		way_comes_back(p->way, p->sm.session);
	else
		bidi_counted(p);
	return 0;
}

/* Its session is one that there was before; the one that it has got meanwhile is empty and goes. */
static void resume_theirs(struct peer *p, const struct element *e)
{
	struct msg_resume m = {.id = element_attribute(e, "previd")};
	struct link *link = s2sd_link(p->carrying.srv);

	if (p->ours || !p->bound || p->sm.enabled || p->sm.enabling || p->sm.resuming || p->way != NULL ||
		inbound_count(&p->carrying.carried) > 0)
		refuse(p, STANZA_UNEXPECTED_REQUEST);
	else if (!s2sd_router_ready(p->carrying.srv))
		peer_fail(p, STREAM_SYSTEM_SHUTDOWN, "the server restarts");
	else if (m.id.p == NULL || LINK_SEND(link, RESUME, resume, p->carrying.carried.id, &m) != 0)
		refuse(p, STANZA_ITEM_NOT_FOUND);
	else
		p->sm.resuming = true;
	if (!decimal_read_u32(element_attribute(e, "h"), &p->sm.h))
		p->sm.h = 0;
}

static void say_resumed(struct peer *p, const struct msg_resumed *m)
{
	struct buf *out = peer_output(p);

	p->sm.enabled = true;
	buf_printf(out, "<resumed xmlns='" NS_SM "' h='%u'", (uint32_t)(m->in_number - m->in_base));
	escape_put_attribute(out, "previd", m->id);
	buf_put_lit(out, "/>");
	p->sm.out_count = p->sm.h;
	bidi_open(p);
}

void sm_resumed(struct peer *p, const struct msg_resumed *m)
{
	struct carried *c = &p->carrying.carried;

	c->session = m->session;
	c->epoch = m->epoch;
	c->in_number = c->in_safe = c->in_count = m->in_number;
	p->sm.in_base = m->in_base;
	p->sm.resuming = false;
	p->sm.counted = true;
	p->sm.session = bh_strndup(m->id.p, m->id.len);
	if (p->ours)
		bidi_resumed(p, true);
	else
		say_resumed(p, m);
}

void sm_resume_refused(struct peer *p, const struct msg_resume_refused *m)
{
	struct buf *out = peer_output(p);

	p->sm.resuming = false;
	if (p->ours) {
		bidi_resumed(p, false);
		return;
	}
	buf_put_lit(out, "<failed xmlns='" NS_SM "'");
	if (m->known != 0)
		buf_printf(out, " h='%u'", m->h);
	buf_printf(out, "><%s xmlns='" NS_STANZA_ERRORS "'/></failed>", stanza_error_name(m->condition));
}

/* ---- a stream that is lost ----------------------------------------------------------- */

bool sm_outlives(const struct peer *p)
{
	const struct s2sd *srv = p->carrying.srv;

	return p->sm.enabled && p->sm.counted && p->sm.session != NULL && p->bound &&
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
