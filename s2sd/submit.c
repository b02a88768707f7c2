/* What a stanza says is checked against what its stream has proved (RFC 6120 4.9.3, 8.1). */
#include "s2sd/submit.h"

#include "s2sd/bidi.h"
#include "s2sd/counters.h"
#include "s2sd/peer.h"
#include "s2sd/proof.h"
#include "xmpp/jid.h"

/* 0, or the enum stream_error that it ends the stream with. */
static unsigned check(const struct peer *p, const struct stanza *s, struct jid *from, struct jid *to)
{
	/* As in c2sd: whatever slips through the reader costs this stream alone. */
	if (!stanza_is_canonical(s, NULL))
		return STREAM_NOT_WELL_FORMED;
	if (policy_of(p->carrying.srv, to->domain) == NULL)
		return STREAM_HOST_UNKNOWN;
	if (!proof_holds(p, to->domain, from->domain))
		return p->bound ? STREAM_INVALID_FROM : STREAM_NOT_AUTHORIZED;
	return 0;
}

static void submit(struct peer *p, const struct stanza *s, struct str from)
{
	struct buf *scratch = &p->carrying.srv->scratch;

	buf_clear(scratch);
	stanza_encode(scratch, s);
	if (buf_failed(scratch)) {
		peer_fail(p, STREAM_RESOURCE_CONSTRAINT, NULL);
		return;
	}
	count_add(COUNT_STANZAS_IN, 1);
	inbound_add(&p->carrying.carried,
		&(struct inbound){.kind = INBOUND_STANZA, .from = from, .envelope = buf_str(scratch)});
}

void submit_stanza(struct peer *p, const struct element *e)
{
	struct stanza s = e->stanza;
	char from_text[JID_MAX + 1], to_text[JID_MAX + 1];
	struct jid from, to;
	unsigned error;

	if (s.from.p == NULL || s.to.p == NULL || jid_prepare(s.from, from_text, &from) != 0 ||
		jid_prepare(s.to, to_text, &to) != 0) {
		peer_fail(p, STREAM_IMPROPER_ADDRESSING, NULL);
		return;
	}
	error = check(p, &s, &from, &to);
	if (error != 0) {
		peer_fail(p, error, NULL);
		return;
	}
	if (!p->sm.settled && !p->sm.enabling && !p->sm.resuming)
		bidi_open(p); /* what comes before stream management needs none */
	s.to = to.full;
	submit(p, &s, from.full);
}
