/*
 * sm_pace - when <r/> is answered, and when it is asked (XEP-0198 4)
 *
 * The client's <r/> is answered as soon as all before it is safe; but to one client not more often than every
 * 20 ms, so that one that asks all the time costs a write now and then and not one each.  When not all is safe
 * after 250 ms, it is told how much is, and the rest when that is (custody.md, 13).
 *
 * One <r/> of ours is under way at a time.  It follows a stanza at once, if there was none for a second; else it
 * waits for 64 stanzas, or for that second.  A message has one of its own at once, if none had for 250 ms: who
 * reads it and leaves has acknowledged it, and does not get it again.  Nothing is asked in the moment of <enabled/>: a
 * client that begins to count when it has read all that came with that (@xmpp/client) would say a number that is too
 * high, and that costs it the stream.
 */
#ifndef C2SD_SM_PACE_H
#define C2SD_SM_PACE_H

#include "c2sd/client.h"

struct sm;

/* The client asks. */
void sm_requested(struct client *c);
/* More of what the client sent is safe. */
void sm_safe(struct client *c);

/* It has just been enabled. */
void sm_pace_begin(struct sm *sm);
/* It has more to acknowledge, or has acknowledged some: we ask, if it is time. */
void sm_request(struct client *c);
/* The same, after a message. */
void sm_request_message(struct client *c);
/* Once a second: those that were put off. */
void sm_request_all(struct c2sd *srv);

/* Nothing is asked or answered any more. */
void sm_pace_forget(struct sm *sm);

int sm_start(struct c2sd *srv);
void sm_stop(struct c2sd *srv, uv_close_cb done);

#endif
