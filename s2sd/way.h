/*
 * way - what goes from one of our domains to a remote one
 *
 * routerd asks for it (REACH), it comes for the pair's session (RESUME) and gets what waits there.  Each stanza is kept
 * until the remote has acknowledged it, or, where it does not do that, our kernel has it; what was not when a stream
 * is lost goes out on the next one, in order.
 * Its stream is one that it has dialled, or one that has come to us, for both directions (bidi.h).  When that one is lost,
 * its remote has some seconds to resume it before the way dials.
 *
 * When the remote cannot be reached all of it goes back (UNREACHABLE), and the way is gone; but where nobody
 * answers it is tried again each second for s2sd.connect_timeout, since the remote may only be restarting.  The way is
 * gone, too, when nothing is left to send and its stream has closed.
 */
#ifndef S2SD_WAY_H
#define S2SD_WAY_H

#include "base/records.h"
#include "bus/link.h"
#include "s2sd/s2sd.h"

struct outgoing;
struct peer;

struct way {
	struct carrying carrying; /* its session */
	struct map_node node;	  /* in s2sd.ways */
	char *pair;		  /* "remote/local", the key */
	char *local, *remote;
	struct outgoing *outgoing; /* a stream is on its way, or open */
	struct peer *peer;	   /* it is open */
	struct records kept;	   /* what is not done (carry/kept.h) */
	char *sm_id;		   /* by which its stream may be resumed with the remote (sm.h), or NULL */
	char *session;		   /* by which what comes back on it may be, with routerd (bidi.h); of a stream that has come
				    * to us: what the remote resumes it by; or NULL */
	int64_t sm_base;	   /* the number before the first that is counted there; up to it the kernel's word is enough */
	uint64_t until_ms;	   /* so long the remote may resume that */
	uint64_t without_ms;	   /* since when there is no stream; 0: there is */
	unsigned tells;		   /* WAY_STATEs that routerd has not stored yet */
	bool telling;		   /* nothing is sent on its new stream before it has: else it would come twice after our death */
	bool waiting;		   /* for the next try */
	bool bound;		   /* routerd has given it the session */
};

/* NULL where that is not one. */
struct way *way_of(const struct carried *c);

/* The remote's stream, for both directions, is ready: it takes it, where there is one without. */
void way_meet(struct peer *p, const char *local, const char *remote);
/* Such a stream, that has come to us, has ended. */
void way_left(struct peer *p);
/* Its own is for both directions, and routerd knows that by this id, or (NULL) not to be resumed. */
void way_comes_back(struct way *w, const char *session);
/* The remote's stream, on which it goes out, counts from here on (sm.h). */
void way_counted(struct way *w);
/* routerd is told how its stream may be resumed: for the next s2sd. */
void way_tell(struct way *w);
/* Its stream's socket has taken all. */
void way_sent(struct way *w);
/* Something of it is not done. */
bool way_unfinished(const struct way *w);
/* The remote has got h stanzas on its stream; false: more than were sent. */
bool way_acknowledged(struct way *w, uint32_t h);
/* routerd does not want it any more. */
void way_killed(struct way *w, const char *why);
/* Once a second. */
void ways_tick(struct s2sd *srv);
/* routerd is away: one without a session is gone. */
void way_router_lost(struct way *w);
/* Gives it back: another s2sd may have it. */
void way_give_back(struct way *w);

bus_handler_fn on_way_known, on_reach, on_resumed, on_resume_refused, on_deliver;

#endif
