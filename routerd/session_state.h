/*
 * session_state - what routerd knows of a session besides its numbers, as a text for the store
 *
 * Presence and priority, whom it has shown itself to, what it has asked for (rosters, blocklist, carbons):
 * so that a restart of routerd changes nothing that anybody sees (custody.md, 15).  Of a server's stream: the domains
 * that it has proved.
 */
#ifndef ROUTERD_SESSION_STATE_H
#define ROUTERD_SESSION_STATE_H

#include "base/buf.h"
#include "routerd/session.h"

void session_state_put(const struct session *s, struct buf *out);
/* 0, or BH_EPROTO where it is none; the session is as it was bound then. */
int session_state_take(struct session *s, struct str state);

#endif
