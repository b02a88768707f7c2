/*
 * client - one client's connection, from accept to close
 *
 * It is in exactly one state (states.h).  Its number is never used again in the life of this
 * process; routerd knows it by that.
 */
#ifndef C2SD_CLIENT_H
#define C2SD_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "c2sd/c2sd.h"
#include "c2sd/offers.h"
#include "c2sd/states.h"
#include "xmpp/error.h"

struct client {
	struct map_node node;
	uint64_t id; /* the key */
	struct c2sd *srv;
	struct stream *stream;
	struct reader *reader;
	struct offer *domain;	/* that the stream is for, once it said so */
	struct list waiting;	/* in deadlines, before authentication; later in unsent */
	struct list stalled;
	uint64_t waiting_since; /* ms */
	char *jid;		/* bare after authentication, full after bind */
	char *request_id;	/* of the bind IQ, until it is answered */
	struct buf backlog;	/* SUBMITs that wait for credit: u32 length, u16 refuse, envelope */
	uint64_t in_number;	/* stanzas given to routerd */
	uint64_t in_safe;
	uint64_t in_bytes;	/* of those not yet safe */
	uint64_t out_number;	/* stanzas got from routerd */
	uint64_t out_done;	/* reported as DONE */
	uint64_t mark_number;	/* done when the socket has taken up to mark_offset */
	uint64_t mark_offset;
	uint32_t epoch;
	uint16_t bare_len;
	uint8_t state; /* enum client_state */
	uint8_t attempts;
	uint8_t close_reason; /* enum close_reason */
	bool known;	      /* routerd has heard of it */
	bool header_sent;     /* of the current stream */
	bool counted;	      /* in guard's addresses */
	bool paused;
	bool finishing; /* it has said </stream:stream>; its backlog goes out first */
	bool direct_tls;
};

/* A new connection; takes over the descriptor. */
void client_accept(struct c2sd *srv, int fd, bool direct_tls);

struct client *client_find(const struct c2sd *srv, uint64_t id);

/* Ends the stream with an error; text may be NULL.  `why` goes to the log. */
void client_fail(struct client *c, enum stream_error condition, const char *text);
/* Ends the stream without an error: the client said </stream:stream>.  What it sent before
 * goes to routerd first, as credit comes. */
void client_finish(struct client *c);

/* The stream begins anew: after TLS, after SASL. */
void client_restart(struct client *c, enum client_state state, const struct reader_limits *limits);

/* The opening tag of our side, where it is not sent yet; to may be absent. */
void client_send_header(struct client *c, struct str to);

/* Appends to what the client gets. */
struct buf *client_output(struct client *c);

/* "c2sd@1/17", for the log; static. */
const char *client_name(const struct client *c);

#endif
