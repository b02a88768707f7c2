/*
 * outgoing - a stream of ours that somebody wants: a way, to send on it, or a verification, to ask
 *
 * It dials, and negotiates what the policy asks for; where a server is no good, the next one is tried, all within
 * s2sd.connect_timeout.
 */
#ifndef S2SD_OUTGOING_H
#define S2SD_OUTGOING_H

#include "s2sd/peer.h"

struct outgoing;

/* A stream that was lost. */
struct previous {
	const char *id;	     /* by which the remote knows it; NULL: there is none */
	const char *session; /* of what came back on it (bidi.h), by which routerd does; NULL: nothing did */
};

struct outgoing_handlers {
	/* The stream is what was wanted. */
	void (*open)(void *owner, struct peer *p);
	/* There is none; condition: enum stanza_error, remote-server-timeout where it may get better by itself.  Or it was open, and has ended (condition 0). */
	void (*ended)(void *owner, unsigned condition, const char *why);
	void (*step)(void *owner, const char *text);
	/* What this one is to resume.  May be absent. */
	struct previous (*previous)(void *owner);
	/* The remote does not know that; where it still knew how much of it has arrived, that.  Goes with previous. */
	void (*not_resumed)(void *owner, bool known, uint32_t h);
};

struct outgoing_wish {
	const char *local, *remote;
	bool only_ask; /* no authentication is needed */
	bool both_ways; /* it may be for both directions */
};
struct outgoing *outgoing_start(struct s2sd *srv, const struct outgoing_wish *wish,
	const struct outgoing_handlers *handlers, void *owner);
/* Nobody is called any more; its stream ends.  NULL is none. */
void outgoing_free(struct outgoing **o);

/* NULL is somebody without a wish. */
struct previous outgoing_previous(const struct outgoing *o);
bool outgoing_both_ways(const struct outgoing *o);
bool outgoing_only_asks(const struct outgoing *o);

/* Of a stream: TLS begins. */
void outgoing_tls(struct peer *p);
/* It is ready.  It has ended, before that or after. */
void outgoing_opened(struct peer *p);
void outgoing_ended(struct peer *p);
/* The server is not what we may talk to: another is tried, and if none is, it is no matter of time. */
void outgoing_unfit(struct peer *p, const char *why);
/* The remote refuses for good: no other server of it is asked. */
void outgoing_refused(struct peer *p, unsigned condition, const char *why);
/* The remote refuses a certificate: the same server is asked without. */
void outgoing_without_external(struct peer *p);
/* It does not know the stream that was to be resumed: the same server is asked for a new one. */
void outgoing_not_resumed(struct peer *p, bool known, uint32_t h);
void outgoing_step(struct peer *p, const char *text);

#endif
