/* Making stanzas and sending them. */
#include "routerd/emit.h"

#include "routerd/component.h"

struct parcel *emit_parcel(struct cause *cause, const struct stanza *s)
{
	struct buf envelope = BUF_INIT;
	struct parcel *p = NULL;

	stanza_encode(&envelope, s);
	if (!buf_failed(&envelope))
		p = parcel_derive(cause, &(struct parcel_text){
			.from = s->from, .envelope = buf_str(&envelope)});
	buf_fini(&envelope);
	return p;
}

void emit_to_session(struct cause *cause, const struct stanza *s, struct session *to)
{
	struct parcel *p = emit_parcel(cause, s);

	if (p == NULL)
		return;
	(void)deliver_one(p, to);
	parcel_unref(&p);
}

unsigned emit_to_account(struct cause *cause, const struct stanza *s, struct account *to,
	session_choice *chosen)
{
	struct parcel *p = emit_parcel(cause, s);
	unsigned n = 0;

	if (p == NULL)
		return 0;
	fanout_begin();
	list_for_each(pos, &to->sessions) {
		struct session *session = container_of(pos, struct session, in_account);

		if (chosen(session))
			n += fanout_add(p, session) == 0;
	}
	fanout_send(p);
	parcel_unref(&p);
	return n;
}

bool emit_abroad(struct cause *cause, const struct stanza *s)
{
	struct component *c;
	struct jid to;

	jid_split(s->to, &to);
	c = component_find(cause->router, to.domain);
	if (c == NULL || component_session(c) == NULL)
		return false;
	emit_to_session(cause, s, component_session(c));
	return true;
}
