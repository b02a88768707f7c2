/*
 * sm - stream management between servers (XEP-0198)
 *
 * On a stream of ours it is asked for where it is offered: then what we have sent is done when the remote says so, and
 * not when the kernel has it.  Its id is kept with the way, and by routerd: the next stream, of this s2sd or of
 * another, resumes where the remote has come to.
 *
 * On a stream to us what the peer sends is acknowledged when it is safe.  When it is lost its session waits in routerd,
 * as a client's does, and the peer's next stream resumes it, at this s2sd or at another.
 *
 * On a stream for both directions (bidi.h) both hold: one that we have opened has a session in routerd, too, which the
 * next one resumes there before it resumes the stream with the remote; and on one that has come to us what we send is
 * counted from <enabled/> on, by whichever ways go out there.
 */
#ifndef S2SD_SM_H
#define S2SD_SM_H

#include "bus/link.h"
#include "s2sd/states.h"

/* Of one stream. */
struct peer_sm {
	char *id;	  /* ours: what the remote knows it by, or NULL */
	char *session;	  /* what routerd knows the session by, which may be resumed; or NULL */
	uint32_t h;	  /* what the remote has got, where it said so at the beginning */
	bool offered;	  /* the remote knows it */
	bool enabled;
	bool counted;	  /* routerd knows that */
	bool settled;	  /* theirs, for both directions: it is enabled or resumed, or will not be */
	bool session_resumed; /* ours, for both directions: what came back on the stream that was lost goes on */
	bool resumed, known; /* ours: the stream goes on; h is known, though it does not */
	bool asking;	  /* an <r/> of ours is under way */
	bool asked;	  /* one of the peer's waits, */
	bool enabling;	  /* routerd is asked */
	bool resuming;	  /* the same, for the session that there was */
	uint64_t in_base, asked_for; /* stanzas before it was enabled; for so many */
	uint32_t out_count;	     /* theirs: what we have sent since then, modulo 2^32 */
};

/* <enable/>, <enabled/>, <resumed/>, <failed/>, <a/>, <r/>. */
state_fn sm_element;

/* routerd is told, in its place among the stanzas, that the session counts from here on. */
void sm_count_session(struct peer *p, bool resumable, uint32_t max);
/* Ours has said who we are: it goes on where it was, or begins; then it is open. */
void sm_begin(struct peer *p);
/* Something was sent: the remote is asked, if it is not yet. */
void sm_request(struct peer *p);
/* More of what the peer sent is safe; or (late) some time has passed. */
void sm_answer(struct peer *p, bool late);
void sm_fini(struct peer_sm *sm);

/* Its session outlives the stream that ends. */
bool sm_outlives(const struct peer *p);
/* routerd hears of it, and the peer stays until that has all (DROP). */
void sm_detach(struct peer *p);

/* routerd's answers to theirs. */
bus_handler_fn on_sm_enabled, on_fence, on_drop;
void sm_resumed(struct peer *p, const struct msg_resumed *m);
void sm_resume_refused(struct peer *p, const struct msg_resume_refused *m);

/* Kinds of notes among what a peer sends (carry/inbound.h). */
enum { NOTE_ENABLE = 1, NOTE_DETACH };

#endif
