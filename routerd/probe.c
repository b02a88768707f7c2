/* Answers to probes (RFC 6121 4.3.2). */
#include "base/buf.h"
#include "base/clock.h"
#include "routerd/account.h"
#include "routerd/emit.h"
#include "routerd/presence.h"
#include "routerd/route.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"

/* To whoever asked: a client of ours, or the component or the server that it asked for. */
static void answer(struct transit *t, const struct stanza *s)
{
	struct session *to = transit_asker(t);
	struct stanza copy = *s;

	copy.to = t->sender == NULL ? t->from.full : STR_NONE;
	if (to != NULL)
		emit_to_session(&t->cause, &copy, to);
}

static void answer_type(struct transit *t, uint8_t type, struct str from)
{
	struct stanza s = {.kind = STANZA_PRESENCE, .type = type, .from = from};

	answer(t, &s);
}

/* Nobody is there: with the last words, and when they were said. */
static void answer_last(struct transit *t, const struct account *a)
{
	struct stanza s = {.kind = STANZA_PRESENCE, .type = TYPE_UNAVAILABLE, .from = t->to.bare};
	struct buf inner = BUF_INIT;
	char stamp[CLOCK_STAMP_SIZE];

	if (a->last_status != NULL) {
		buf_put_str(&inner, STR_LIT("<status>"));
		escape_text(&inner, str_of(a->last_status));
		buf_put_str(&inner, STR_LIT("</status>"));
	}
	if (a->last_seen != 0) {
		clock_stamp(a->last_seen, stamp);
		buf_put_str(&inner, STR_LIT("<delay xmlns='" NS_DELAY "'"));
		escape_put_attribute(&inner, "from", t->to.domain);
		escape_put_attribute(&inner, "stamp", str_of(stamp));
		buf_put_str(&inner, STR_LIT("/>"));
	}
	if (!buf_failed(&inner))
		s.inner = buf_str(&inner);
	answer(t, &s);
	buf_fini(&inner);
}

/* The presence of one resource, as it sent it. */
static void answer_session(struct transit *t, const struct session *of)
{
	struct stanza s;

	if (stanza_decode(parcel_envelope(of->presence), &s) != 0)
		return;
	s.from = of->jid.full;
	answer(t, &s);
}

static void answer_full(struct transit *t, const struct session *s)
{
	if (s != NULL && session_available(s))
		answer_session(t, s);
	else
		answer_type(t, TYPE_UNAVAILABLE, t->to.full);
}

static void answer_bare(struct transit *t, const struct account *a)
{
	unsigned n = 0;

	list_for_each(pos, &a->sessions) {
		const struct session *s = container_of(pos, struct session, in_account);

		if (!session_available(s))
			continue;
		answer_session(t, s);
		n++;
	}
	if (n == 0)
		answer_last(t, a);
}

/* Somebody to whom that resource has shown itself may ask whether it is still there, and hears no
 * more than that (4.6.6). */
static bool answer_directed(struct transit *t, const struct session *s)
{
	if (s == NULL || !presence_directed(s, &t->from))
		return false;
	answer_type(t, TYPE_NONE, t->to.full);
	return true;
}

void presence_probed(struct transit *t, struct account *a)
{
	bool there = a != NULL && a->state == ACCOUNT_THERE;
	const struct session *s = NULL;

	/* Who is blocked gets no answer at all (XEP-0191 3.1). */
	if (there && blocklist_blocks(&a->blocklist, &t->from))
		return;
	if (there && t->to.resource.p != NULL)
		s = account_session(a, t->to.resource);
	/* The same answer for those who do not exist. */
	if (!there || !(str_eq(a->jid.bare, t->from.bare) || presence_given(a, t->from.bare))) {
		if (!answer_directed(t, s))
			answer_type(t, TYPE_UNSUBSCRIBED, t->to.bare);
	} else if (t->to.resource.p != NULL) {
		answer_full(t, s);
	} else {
		answer_bare(t, a);
	}
}
