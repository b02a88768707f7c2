/*
 * peer - a stream from or to a remote server, from connect to close
 *
 * It is in exactly one state (states.h).  Its number is never used again in the life of this process.  What it has
 * proved of itself stands in `proofs` (proof.h): for those pairs it may send; the first of them gives it a session in
 * routerd.  What we send on it is a way's (way.h), one at most.
 */
#ifndef S2SD_PEER_H
#define S2SD_PEER_H

#include "dns/servers.h"
#include "s2sd/policy.h"
#include "s2sd/s2sd.h"
#include "s2sd/sm.h"
#include "s2sd/states.h"
#include "xmpp/error.h"

struct outgoing;
struct verify;
struct way;

struct peer {
	struct carrying carrying; /* its session; the number is the connection's */
	struct list link;	  /* in s2sd.peers */
	struct stream *stream;
	struct reader *reader;
	char *local;  /* our domain on this stream, once it is known */
	char *remote; /* the one that the peer says it is, or whom we have called */
	char *stream_id;  /* of the current stream, whoever gave it */
	struct list stranger;	  /* in s2sd.strangers, until it has proved something */
	struct list proofs;	  /* struct proof */
	unsigned nproofs;
	struct outgoing *outgoing; /* who has called, or NULL */
	struct way *way;	  /* that goes out here, or NULL */
	struct dane *dane;	  /* what the DNS says of its certificate; NULL: nothing */
	struct verify *verify;	  /* what is asked here, or NULL */
	struct peer_sm sm;
	uint64_t began;		  /* ms */
	uint64_t proved_at;	  /* ms: when it last proved something */
	uint64_t since, moved;	  /* ms: its deadline runs since then, 0: none; when something last passed */
	uint64_t unsent_since;	  /* ms: since when the socket takes nothing; 0 */
	uint64_t mark_number, mark_offset; /* of its way: done when the socket has taken so much */
	uint8_t state;	      /* enum peer_state */
	uint8_t news;	      /* lines that the log has of what it asked */
	uint8_t close_reason; /* enum close_reason */
	bool ours;	     /* we have connected */
	bool known;	     /* routerd has heard of it */
	bool binding, bound; /* its session: asked for; there */
	bool detached;	     /* its stream is lost or fenced off, and routerd has not said DROP */
	bool header_sent;
	bool counted;	   /* by the gate */
	bool opened;	   /* one of ours is what was wanted */
	bool paused;
	bool mark_open;
	bool finishing;	   /* it has said </stream:stream> */
	bool direct_tls;
	bool certified;	   /* its certificate is valid for `remote` */
	bool authenticated; /* SASL EXTERNAL has succeeded */
	bool no_external;  /* it has refused that */
	bool dialback;	   /* it has said that it knows it, */
	bool external;	   /* and that it takes that */
	bool bidi;	   /* it is for both directions (bidi.h) */
	char why[160];	   /* why its certificate is not; or the stream ended */
};

/* A remote server has connected; takes over the descriptor. */
void peer_accept(struct s2sd *srv, int fd, bool tls);
/* One that dial has connected to, from that domain of ours; takes over the stream.  NULL: it was closed. */
struct peer *peer_open(struct s2sd *srv, struct stream *stream, const struct server *target, const char *local,
	const char *remote);

struct peer *peer_find(const struct s2sd *srv, uint64_t id);
struct peer *peer_of(const struct carried *c);

/* Ends the stream with an error; text may be NULL. */
void peer_fail(struct peer *p, enum stream_error condition, const char *text);
/* Ends it without one, for a reason that the log and whoever waits for it gets; NULL: none. */
void peer_end(struct peer *p, const char *why);
/* It goes, and may come back for its session. */
void peer_lost(struct peer *p, const char *why);
/* It has said </stream:stream>: what it sent before goes to routerd first. */
void peer_finish(struct peer *p);

/* The stream begins anew: after TLS, after SASL. */
void peer_restart(struct peer *p, enum peer_state state);
/* The opening tag of our side, where it is not sent yet. */
void peer_send_header(struct peer *p);
/* It has proved something: its stanzas may be larger. */
void peer_trusted(struct peer *p);

/* routerd has all that was kept for a detached one. */
void peer_dropped(struct peer *p);

struct buf *peer_output(struct peer *p);

/* "s2sd@1/17", for the log; static. */
const char *peer_name(const struct peer *p);
const char *peer_address(const struct peer *p);
/* The same without and of the port; "-" and 0 where there is none. */
const char *peer_ip(const struct peer *p);
unsigned peer_port(const struct peer *p);

/* Of what it says of domains, which it may say without end: news at first, later for those alone who look for it. */
bool peer_is_news(struct peer *p);

bus_handler_fn on_kill;

#endif
