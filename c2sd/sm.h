/*
 * sm - stream management on the client's side (XEP-0198)
 *
 * When an <r/> is answered, and when we ask: sm_pace.h.  What the client has not acknowledged is kept, for a
 * routerd that restarts.  A client that may resume and whose TCP is lost is kept ("detached") until routerd says DROP.
 */
#ifndef C2SD_SM_H
#define C2SD_SM_H

#include "base/records.h"
#include "bus/link.h"
#include "c2sd/client.h"
#include "c2sd/states.h"

struct sm {
	struct client *client;
	uint64_t in_base, out_base; /* stanzas each way that came before it was enabled */
	uint64_t acked;		    /* the last that the client has */
	uint64_t asked, asked_ms;   /* stanzas that came before the <r/> that waits, and when it came */
	uint64_t told, told_ms;	    /* what the last <a/> said, and when */
	uint64_t requested, requested_ms; /* the last stanza that an <r/> of ours came behind, and when */
	uint64_t message_ms;	    /* when one came behind a message */
	struct list asking;	    /* in c2sd.asking, while an <r/> of its waits */
	struct list unasked;	    /* in c2sd.unasked, while we put off an <r/> */
	struct records kept;	    /* what it has not acknowledged (carry/kept.h) */
	char *id;		    /* that it may be resumed by, or NULL */
	uint32_t max;
	bool enabled; /* <enabled/> was sent; until then nothing is counted */
};

/* urn:xmpp:sm:3 elements, before and after bind; and while neither has been answered. */
state_fn sm_before_bind, sm_element, sm_too_early;

/* A stanza was written to it, or kept for it: it is the n-th. */
void sm_delivered(struct client *c, const struct msg_deliver *m, const struct stanza *s, uint64_t n);

/* Its session outlives its connection. */
bool sm_outlives(const struct client *c);
/* The connection is lost, or is about to be: routerd hears of it, and the client is kept. */
void sm_detach(struct client *c);

struct sm *sm_create(struct client *c);
void sm_free(struct client *c);

/* While draining: some of those that can resume elsewhere are sent on. */
void sm_send_on(struct c2sd *srv);

/* <failed/>, and the stream error for an h above what was sent (section 4). */
void sm_failed(struct client *c, unsigned condition);
void sm_too_high(struct client *c, uint32_t h, uint32_t sent);

bus_handler_fn on_sm_enabled, on_resumed, on_resume_refused, on_fence, on_drop;

#endif
