/*
 * abroad - the ways to domains that are not accounts of ours: components, and remote servers
 *
 * What goes to a remote domain waits in the outbound list of a session that its pair of domains has, like that
 * of a client that sleeps (hibernate.h): in the store, until an s2sd carries the session.  REACH asks one to, it
 * comes with RESUME, and delivers; what it cannot deliver comes back by UNREACHABLE.  A pair meets the same s2sd as
 * long as that is there.  A session that nobody carries and nobody needs ends.
 */
#ifndef ROUTERD_ABROAD_H
#define ROUTERD_ABROAD_H

#include <stdbool.h>

#include "bus/link.h"
#include "routerd/router.h"
#include "xmpp/jid.h"

struct pair;
struct session;

/* The pair's name: a JID, "remote.example/our.example". */
enum { PAIR_TEXT_SIZE = 2 * JID_PART_MAX + 2 };
const char *pair_text(struct str local, struct str remote, char out[PAIR_TEXT_SIZE]);

/* A domain or a component of ours. */
bool abroad_is_ours(const struct router *r, struct str domain);
/* May the two exchange stanzas? */
bool abroad_allowed(const struct router *r, struct str local, struct str remote);

/* The session that takes what `from`, one of ours, sends to that address, which is no account's: a component's,
 * or a pair's, made where there is none.  NULL, and why in *error (an enum stanza_error). */
struct session *abroad_session(struct router *r, const struct jid *from, const struct jid *to, unsigned *error);

/* Of a session that is made: its pair, which goes with it. */
struct pair *pair_create(struct router *r, struct str local, struct str remote);
void pair_joined(struct pair *p, struct session *s);
void pair_left(struct pair **p);

/* Nobody carries the pair's session: it ends, or somebody is asked to carry it.  Of other sessions nothing. */
void abroad_asleep(struct session *s);
/* An s2sd has come, or one goes: those that nobody carries ask again. */
void abroad_seek_all(struct router *r);
/* The configuration has changed: what is not allowed any more ends. */
void abroad_review(struct router *r);

bus_handler_fn on_unreachable, on_way_state;

#endif
