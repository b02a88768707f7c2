/* Making stanzas and sending them. */
#include "routerd/emit.h"

#include "base/err.h"
#include "routerd/abroad.h"
#include "routerd/federation.h"

enum { BRANCH_ANSWER = 0x40000003 };

/* branch 0: what its content makes it. */
static struct parcel *make(struct cause *cause, const struct stanza *s, uint32_t branch)
{
	struct buf envelope = BUF_INIT;
	struct parcel_text text = {.from = s->from};
	struct parcel *p = NULL;

	stanza_encode(&envelope, s);
	text.envelope = buf_str(&envelope);
	if (!buf_failed(&envelope))
		p = branch != 0 ? parcel_branch(cause, branch, &text) : parcel_derive(cause, &text);
	buf_fini(&envelope);
	return p;
}

struct parcel *emit_parcel(struct cause *cause, const struct stanza *s)
{
	return make(cause, s, 0);
}

static int send_parcel(struct parcel *p, struct session *to)
{
	int rc = p != NULL ? deliver_one(p, to) : BH_ENOMEM;

	parcel_unref(&p);
	return rc;
}

void emit_to_session(struct cause *cause, const struct stanza *s, struct session *to)
{
	(void)send_parcel(make(cause, s, 0), to);
}

int emit_answer(struct cause *cause, const struct stanza *s, struct session *to)
{
	return send_parcel(make(cause, s, BRANCH_ANSWER), to);
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
	struct jid to, from;

	jid_split(s->to, &to);
	jid_split(s->from, &from);
	return federation_allows(cause->router, &from, &to) && emit_abroad_anyway(cause, s);
}

bool emit_abroad_anyway(struct cause *cause, const struct stanza *s)
{
	struct session *session;
	struct jid to, from;
	unsigned error;

	jid_split(s->to, &to);
	jid_split(s->from, &from);
	session = abroad_session(cause->router, &from, &to, &error);
	if (session != NULL)
		emit_to_session(cause, s, session);
	return session != NULL;
}
