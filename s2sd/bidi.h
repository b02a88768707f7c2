/*
 * bidi - one stream for both directions (XEP-0288)
 *
 * Only where the peer has shown a certificate that is valid for its domain: what we send on a stream that another has
 * opened must reach nobody else.
 *
 * On a stream of ours it is asked for when routerd has agreed that the remote may speak on it, before we say who we
 * are; from then on the stream has a session, as one that has come to us has, and one that could be resumed: before
 * the first stanza comes.  On one that has come to us a way goes out
 * as soon as it is known whether the remote goes on where another stream was lost (sm.h), and does not dial.
 */
#ifndef S2SD_BIDI_H
#define S2SD_BIDI_H

#include "s2sd/outgoing.h"
#include "s2sd/states.h"

/* ---- ours ---- */

/* Whether to ask for it, where it is offered. */
bool bidi_wanted(const struct peer *p);
/* Asks routerd first; features_prove() goes on. */
void bidi_begin(struct peer *p);
/* routerd's answers: the remote may speak; its session can be resumed later; it goes on where it was, or not (sm.h); it
 * may not. */
void bidi_accepted(struct peer *p);
void bidi_counted(struct peer *p);
void bidi_resumed(struct peer *p, bool resumed);
void bidi_refused(struct peer *p);

/* ---- theirs ---- */

bool bidi_offered(const struct peer *p);
/* <bidi/> */
state_fn bidi_asked;
/* Stream management is settled, or does not happen: a way that has no stream gets this one. */
void bidi_open(struct peer *p);
/* Once a second. */
void bidi_tick(struct peer *p);
/* The stream that such a way could have, now or soon (peer.sm.settled); NULL. */
struct peer *bidi_find(const struct s2sd *srv, const char *local, const char *remote);

#endif
