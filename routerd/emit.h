/*
 * emit - stanzas that the server itself sends
 *
 * The caller fills a struct stanza, from included.  What cannot be sent (no memory, a full
 * queue) is dropped: these are answers, presence and pushes, and nobody waits for them in order
 * to acknowledge something.
 */
#ifndef ROUTERD_EMIT_H
#define ROUTERD_EMIT_H

#include "routerd/cause.h"
#include "routerd/custody.h"
#include "routerd/session.h"
#include "xmpp/jid.h"
#include "xmpp/stanza.h"

/* One more stanza that the cause brings about; NULL without memory. */
struct parcel *emit_parcel(struct cause *cause, const struct stanza *s);

void emit_to_session(struct cause *cause, const struct stanza *s, struct session *to);
/* The answer to the stanza that is the cause: there is one, so that a repetition gives none that is different.  0,
 * BH_EBUSY where its queue is full, or BH_ENOMEM. */
int emit_answer(struct cause *cause, const struct stanza *s, struct session *to);

/* Makes it of the first stanza and sends it to each session of the account that `chosen` says
 * yes to, in one fan-out.  Returns how many got it. */
typedef bool session_choice(const struct session *s);
unsigned emit_to_account(struct cause *cause, const struct stanza *s, struct account *to,
	session_choice *chosen);

/* To whoever s->to is, where that is not an account of ours: a component, or a remote domain.
 * false: there is no way to it, or the account that it is from may not go there (federation.h). */
bool emit_abroad(struct cause *cause, const struct stanza *s);
/* The same, also from one who may not any more: to end what he began. */
bool emit_abroad_anyway(struct cause *cause, const struct stanza *s);

#endif
