/* From the client to routerd: what a stanza says is checked, and its address prepared. */
#include "base/err.h"
#include "c2sd/carried.h"
#include "c2sd/counters.h"
#include "c2sd/session.h"
#include "xmpp/jid.h"

/* RFC 6120 8.1.2.1: a `from` that is given must be the client's own. */
static bool own_from(const struct client *c, struct str from)
{
	char text[JID_MAX + 1];
	struct jid jid;

	if (from.p == NULL || str_is(from, c->jid))
		return true;
	if (jid_prepare(from, text, &jid) != 0)
		return false;
	return str_is(jid.full, c->jid) || str_eq(jid.full, str_make(c->jid, c->bare_len));
}

/* A component says who sends, any address of its domain, and to whom (XEP-0114, 3).  *from points
 * into text.  0 or an enum stream_error. */
static unsigned check_component(const struct client *c, const struct stanza *s,
	char text[JID_MAX + 1], struct str *from)
{
	struct jid jid;

	if (s->from.p == NULL || jid_prepare(s->from, text, &jid) != 0 ||
		!str_is(jid.domain, c->jid))
		return STREAM_INVALID_FROM;
	*from = jid.full;
	return s->to.p != NULL ? 0 : STREAM_IMPROPER_ADDRESSING;
}

/* What is wrong with a stanza so that it ends the stream; 0, or an enum stream_error. */
static unsigned check(const struct client *c, const struct stanza *s, char text[JID_MAX + 1],
	struct str *from)
{
	/* routerd takes the link from a front end that sends anything else; so whatever should ever slip through the
	 * reader costs this client alone. */
	if (!stanza_is_canonical(s, NULL))
		return STREAM_NOT_WELL_FORMED;
	if (c->entry == ENTRY_COMPONENT)
		return check_component(c, s, text, from);
	return own_from(c, s->from) ? 0 : STREAM_INVALID_FROM;
}

/* Prepares the address that it goes to, into text.  0, or the enum stanza_error of its answer. */
static uint16_t address(const struct client *c, struct stanza *s, char text[JID_MAX + 1])
{
	struct jid to;

	if (s->to.p == NULL) {
		if (s->kind == STANZA_MESSAGE)
			s->to = str_make(c->jid, c->bare_len); /* 10.3.1 */
		return 0;
	}
	if (jid_prepare(s->to, text, &to) != 0) {
		s->to = STR_NONE;
		return STANZA_JID_MALFORMED;
	}
	s->to = to.full;
	return 0;
}

static void submit(struct client *c, const struct inbound *out)
{
	count_add(COUNT_STANZAS_IN, 1);
	inbound_add(&c->carried, out);
}

void session_submit(struct client *c, const struct element *e)
{
	struct stanza s = e->stanza;
	struct inbound out = {.kind = INBOUND_STANZA, .from = STR_NONE};
	struct buf *scratch = &c->srv->scratch;
	char from_text[JID_MAX + 1], to_text[JID_MAX + 1];
	unsigned error = check(c, &s, from_text, &out.from);

	if (error != 0) {
		client_fail(c, error, NULL);
		return;
	}
	session_settle_state(c);
	if (c->state != CLIENT_BOUND)
		return; /* there was no memory to keep that */
	out.refuse = address(c, &s, to_text);
	if (s.lang.p == NULL)
		s.lang = str_of(c->lang); /* 8.1.5 */
	buf_clear(scratch);
	stanza_encode(scratch, &s);
	out.envelope = buf_str(scratch);
	if (buf_failed(scratch))
		client_fail(c, STREAM_RESOURCE_CONSTRAINT, NULL);
	else
		submit(c, &out);
}
