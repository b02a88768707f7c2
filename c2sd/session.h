/*
 * session - a client that has logged in: bind, and its stanzas to and from routerd
 *
 * A stanza goes to routerd with its number while the session and the link have credit; what
 * is over it waits in the client's backlog, and the client's socket is not read meanwhile.
 * What comes from routerd is written in order and reported as DONE when the kernel has it.
 */
#ifndef C2SD_SESSION_H
#define C2SD_SESSION_H

#include "bus/link.h"
#include "c2sd/client.h"
#include "c2sd/states.h"

state_fn session_bind, session_submit, session_csi;

/* Asks routerd for a session; resource is the wish, or absent.  0, or negative when it cannot be asked for
 * that: the caller says so to the client.  Without a routerd the stream ends. */
int session_ask(struct client *c, struct str resource);

/* It has that session now. */
void session_take(struct client *c, const struct msg_bound *m);

/* The socket took all, or some, of what was written. */
void session_sent(struct client *c);
/* Much waits for it of what it is answered: it has c2sd.write_timeout to take that, too. */
void session_answered(struct client *c);
/* What the client said last of its state goes to routerd, if it is news, behind what waits for
 * credit. */
void session_settle_state(struct client *c);
/* Sends the state as routerd is to have it, or lets it wait. */
void session_push_state(struct client *c);
bus_handler_fn on_bound, on_bind_refused, on_kill, on_deliver;

#endif
