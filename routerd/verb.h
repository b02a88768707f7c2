/*
 * verb - a request of bulkheadctl's, as the function sees it that carries it out
 *
 * Each answers with any number of rows and one END, now or later; one that asks somebody else first opens a request
 * (requests.h), whose asker may leave meanwhile.
 */
#ifndef ROUTERD_VERB_H
#define ROUTERD_VERB_H

#include <stdbool.h>

#include "bus/ctl_answer.h"
#include "routerd/router.h"
#include "xmpp/jid.h"

struct ask {
	struct router *router;
	struct bus_peer *asker;
	uint64_t subject;
	struct str args; /* a list of texts */
};

struct verb {
	const char *name;
	void (*run)(const struct ask *q);
	bool writes; /* it changes something: not for those who may only look (monitor.sock) */
};

/* Each ends with a NULL name. */
extern const struct verb daemon_verbs[], session_verbs[], user_verbs[], queue_verbs[], rule_verbs[];

/* For the log: who does what. */
void admin_note(const struct ask *q, struct str verb);

/* The end of an answer that is all rows. */
void ask_done(const struct ask *q);

/* The first argument as a prepared JID with a local part; an END has been sent when it is none. */
int ask_account(const struct ask *q, char text[JID_MAX + 1], struct jid *jid);
/* The first argument as a domain, or as any address; the same. */
int ask_domain(const struct ask *q, char text[JID_MAX + 1], struct jid *jid);
int ask_address(const struct ask *q, char text[JID_MAX + 1], struct jid *jid);

#endif
