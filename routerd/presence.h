/*
 * presence - who is available, and who is told (RFC 6121 4)
 *
 * A session's presence goes to the account's other resources, to the contacts that are subscribed
 * to it, to those who see it by a group (sharing.h), and to whom it has directed presence.  Of accounts of ours nobody is probed: what they
 * would answer is known here.
 */
#ifndef ROUTERD_PRESENCE_H
#define ROUTERD_PRESENCE_H

#include "routerd/cause.h"
#include "routerd/session.h"
#include "xmpp/stanza.h"
#include "xmpp/tree.h"

struct transit;

/* Available or not: the parcel is the session's presence stanza itself, without `to`. */
void presence_broadcast(struct cause *cause, struct session *s, struct parcel *p);
/* What a session that has become available is shown: its sisters and its contacts. */
void presence_welcome(struct cause *cause, struct session *s);
/* It becomes unavailable: all who saw it available, by broadcast or directed, get that stanza once;
 * p is its parcel, `gone` the same with its from. */
void presence_withdraw(struct cause *cause, struct session *s, struct parcel *p,
	const struct stanza *gone);

/* The session goes: all who saw it available see it unavailable. */
void presence_session_gone(struct session *s);

/* The account's available resources are shown to that address (a bare JID, of anybody), or are
 * no longer.  For changes of subscriptions and of the blocklist. */
void presence_show_account(struct cause *cause, struct account *a, struct str to);
void presence_hide_account(struct cause *cause, struct account *a, struct str to);

/* May they know that the session is there: its own account, who is given its presence, and whom it
 * has shown itself to. */
bool presence_shared(const struct session *s, const struct jid *with);
/* The last of these. */
bool presence_directed(const struct session *s, const struct jid *with);

/* Is that address subscribed to the account's presence?  Or does it see that by a group, too? */
bool presence_subscribed(const struct account *a, struct str bare);
bool presence_given(const struct account *a, struct str bare);

/* Does the account block that bare JID? */
bool presence_blocks(const struct account *a, struct str bare);

/* A contact's probe for the account, or for one of its resources (4.3). */
void presence_probed(struct transit *t, struct account *a);

/* The text of the stanza's child of that name and the content's namespace, absent without one;
 * it lives as long as *tree, which is the caller's.  0, BH_EPROTO or BH_ENOMEM. */
int presence_child(const struct stanza *s, const char *name, struct tree **tree, struct str *text);

#endif
