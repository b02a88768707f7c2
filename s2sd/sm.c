/* Both directions, each with its own half. */
#include "s2sd/sm.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
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

static void enable_theirs(struct peer *p)
{
	if (p->ours || !p->bound || p->sm.enabled) {
		buf_put_lit(peer_output(p), "<failed xmlns='" NS_SM "'><unexpected-request xmlns='" NS_STANZA_ERRORS
			"'/></failed>");
		return;
	}
	p->sm.enabled = true;
	p->sm.in_base = inbound_count(&p->carrying.carried);
	buf_put_lit(peer_output(p), "<enabled xmlns='" NS_SM "'/>");
}

static void refuse_resume(struct peer *p)
{
	buf_put_lit(peer_output(p),
		"<failed xmlns='" NS_SM "'><item-not-found xmlns='" NS_STANZA_ERRORS "'/></failed>");
}

void sm_answer(struct peer *p, bool late)
{
	const struct carried *c = &p->carrying.carried;
	uint64_t safe = c->in_safe > p->sm.in_base ? c->in_safe - p->sm.in_base : 0;

	if (!p->sm.asked || p->state == PEER_CLOSING || (!late && c->in_safe < p->sm.asked_for))
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
		enable_theirs(p);
	else if (str_is(e->name, "resume"))
		refuse_resume(p);
}
