/*
 * consequence - what may follow when a change is in the store (change.h)
 *
 * Each is a kind, whom it is about, and a stanza: so that it can stand in the store itself, and be carried
 * out by a later run of routerd (outbox.h).
 */
#ifndef ROUTERD_CONSEQUENCE_H
#define ROUTERD_CONSEQUENCE_H

#include "routerd/cause.h"
#include "xmpp/stanza.h"

struct account;

/* Numbers that stand in stores: never used again for something else. */
enum consequence_kind {
	THEN_ANSWER = 1,	/* to the session that asked */
	THEN_TO_INTERESTED = 2, /* to the account's resources that have asked for the roster */
	THEN_TO_AVAILABLE = 3,	/* to its available resources */
	THEN_TO_BLOCKERS = 4,	/* to those that have asked for the blocklist */
	THEN_ABROAD = 5,	/* to where the stanza says */
	THEN_SHOW = 6,		/* the account's resources are shown to the stanza's `to` */
	THEN_HIDE = 7,		/* and are no longer */
};

/* about may be NULL where the kind is about no account; then nothing follows otherwise. */
void consequence_follow(unsigned kind, struct cause *cause, struct account *about, const struct stanza *s);

#endif
