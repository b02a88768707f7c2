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

state_fn session_bind, session_submit;

/* The socket took all, or some, of what was written. */
void session_sent(struct client *c);
/* The client is going: what it had under way no longer counts against the link. */
void session_forget(struct client *c);
/* Sends the DONE marks that gathered; after the hub has written. */
void session_flush_done(struct c2sd *srv);

bus_handler_fn on_bound, on_bind_refused, on_kill, on_safe, on_credit, on_deliver;

#endif
