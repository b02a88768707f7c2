/* XEP-0198: enabling, counting, acknowledging. */
#include "c2sd/sm.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/decimal.h"
#include "base/err.h"
#include "bus/mark.h"
#include "c2sd/carried.h"
#include "c2sd/session.h"
#include "carry/kept.h"
#include "c2sd/sm_pace.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"

void sm_failed(struct client *c, unsigned condition)
{
	buf_printf(client_output(c), "<failed xmlns='" NS_SM "'><%s xmlns='" NS_STANZA_ERRORS "'/></failed>",
		stanza_error_name(condition));
}

struct sm *sm_create(struct client *c)
{
	struct sm *sm = bh_alloc(sizeof *sm);

	sm->kept = RECORDS_INIT;
	list_init(&sm->asking);
	list_init(&sm->unasked);
	sm->client = c;
	c->sm = sm;
	return sm;
}

void sm_free(struct client *c)
{
	struct sm *sm = c->sm;

	c->sm = NULL;
	if (sm == NULL)
		return;
	sm_pace_forget(sm);
	records_fini(&sm->kept);
	free(sm->id);
	free(sm);
}

static void enable(struct client *c, const struct element *e)
{
	struct str resume = element_attribute(e, "resume");
	uint32_t max;
	bool wanted;

	if (c->sm != NULL || c->entry == ENTRY_COMPONENT) {
		sm_failed(c, STANZA_UNEXPECTED_REQUEST);
		return;
	}
	wanted = resume.p != NULL && (str_is(resume, "true") || str_is(resume, "1"));
	if (!decimal_read_u32(element_attribute(e, "max"), &max))
		max = UINT32_MAX;
	sm_create(c)->in_base = inbound_count(&c->carried);
	inbound_note(&c->carried, NOTE_ENABLE, wanted, max);
}

int on_sm_enabled(const struct bus_event *event)
{
	struct client *c = client_find(event->owner, event->frame->subject);
	struct msg_sm_enabled m;
	struct sm *sm;
	struct buf *out;

	if (bus_get_sm_enabled(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c == NULL || c->state != CLIENT_BOUND || c->sm == NULL || c->sm->enabled)
		return 0;
	sm = c->sm;
	sm->enabled = true;
	sm->out_base = sm->acked = sm->requested = c->carried.out_number;
	sm->max = m.max;
	sm_pace_begin(sm);
	/* What went before counts as it did: it is done when the kernel has it. */
	carried_done(&c->carried, c->carried.out_number);
	out = client_output(c);
	buf_put_lit(out, "<enabled xmlns='" NS_SM "'");
	if (m.id.p != NULL) {
		sm->id = bh_strndup(m.id.p, m.id.len);
		escape_put_attribute(out, "id", m.id);
		buf_printf(out, " resume='true' max='%u'", m.max);
		if (c->srv->settings.resume_location != NULL)
			escape_put_attribute(out, "location", str_of(c->srv->settings.resume_location));
	}
	buf_put_lit(out, "/>");
	sm_safe(c);
	return 0;
}

void sm_too_high(struct client *c, uint32_t h, uint32_t sent)
{
	char element[160];

	snprintf(element, sizeof element,
		"<handled-count-too-high xmlns='" NS_SM "' h='%u' send-count='%u'/>", h, sent);
	client_fail_with(c, STREAM_UNDEFINED_CONDITION, str_of(element));
}

static void acknowledged(struct client *c, const struct element *e)
{
	struct sm *sm = c->sm;
	uint32_t h, new;

	if (!decimal_read_u32(element_attribute(e, "h"), &h)) {
		client_fail(c, STREAM_BAD_FORMAT, "an <a/> without a number");
		return;
	}
	if (!sm->enabled)
		return; /* of nothing that counts */
	new = h - (uint32_t)(sm->acked - sm->out_base); /* modulo 2^32 */
	if (new > c->carried.out_number - sm->acked) {
		sm_too_high(c, h, (uint32_t)(c->carried.out_number - sm->out_base));
		return;
	}
	sm->acked += new;
	kept_drop(&sm->kept, sm->acked);
	carried_done(&c->carried, sm->acked);
	sm_request(c);
}

void sm_element(struct client *c, const struct element *e)
{
	bool enabled = c->sm != NULL;

	if (str_is(e->name, "enable"))
		enable(c, e);
	else if (enabled && str_is(e->name, "r"))
		sm_requested(c);
	else if (enabled && str_is(e->name, "a"))
		acknowledged(c, e);
	else
		sm_failed(c, STANZA_UNEXPECTED_REQUEST);
}

void sm_delivered(struct client *c, const struct msg_deliver *m, const struct stanza *s, uint64_t n)
{
	if (!c->sm->enabled)
		return;
	kept_add(&c->sm->kept, m, n);
	if (s->kind == STANZA_MESSAGE)
		sm_request_message(c);
	else
		sm_request(c);
}
