/* The table of consequences. */
#include "routerd/consequence.h"

#include <stddef.h>

#include "routerd/abroad.h"
#include "routerd/emit.h"
#include "routerd/presence.h"

typedef void follow_fn(struct cause *cause, struct account *about, const struct stanza *s);

static void answer(struct cause *cause, struct account *about, const struct stanza *s)
{
	struct jid to;

	(void)about;
	jid_split(s->to, &to);
	if (s->to.p != NULL && !abroad_is_ours(cause->router, to.domain))
		(void)emit_abroad(cause, s);
	else if (cause->origin->session != NULL)
		emit_to_session(cause, s, cause->origin->session);
}

static void to_interested(struct cause *cause, struct account *about, const struct stanza *s)
{
	(void)emit_to_account(cause, s, about, session_wants_roster);
}

static void to_available(struct cause *cause, struct account *about, const struct stanza *s)
{
	(void)emit_to_account(cause, s, about, session_available);
}

static void to_blockers(struct cause *cause, struct account *about, const struct stanza *s)
{
	(void)emit_to_account(cause, s, about, session_wants_blocklist);
}

static void abroad(struct cause *cause, struct account *about, const struct stanza *s)
{
	(void)about;
	(void)emit_abroad(cause, s);
}

static void show(struct cause *cause, struct account *about, const struct stanza *s)
{
	presence_show_account(cause, about, s->to);
}

static void hide(struct cause *cause, struct account *about, const struct stanza *s)
{
	presence_hide_account(cause, about, s->to);
}

static const struct {
	follow_fn *follow;
	bool anybody; /* it is about no account */
} table[] = {
	[THEN_ANSWER] = {answer, true},
	[THEN_TO_INTERESTED] = {to_interested, false},
	[THEN_TO_AVAILABLE] = {to_available, false},
	[THEN_TO_BLOCKERS] = {to_blockers, false},
	[THEN_ABROAD] = {abroad, true},
	[THEN_SHOW] = {show, false},
	[THEN_HIDE] = {hide, false},
};

void consequence_follow(unsigned kind, struct cause *cause, struct account *about, const struct stanza *s)
{
	if (kind >= sizeof table / sizeof table[0] || table[kind].follow == NULL)
		return;
	if (about != NULL || table[kind].anybody)
		table[kind].follow(cause, about, s);
}
