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

#include "bus/bus.h"
#include "c2sd/c2sd.h"
#include "c2sd/offers.h"
#include "c2sd/states.h"
#include "carry/carrier.h"
#include "xmpp/error.h"

struct client {
	struct carried carried; /* its session; the number is the connection's */
	struct c2sd *srv;
	struct stream *stream;
	struct reader *reader;
	struct offer *domain;	/* that the stream is for, once it said so */
	struct list waiting;	/* in deadlines, before authentication; later in unsent */
	uint64_t waiting_since; /* ms */
	uint64_t heard_ms;	/* when something came from it, by its loop's clock */
	uint64_t began;		/* ms: when it connected */
	char *jid;		/* bare after authentication, full after bind */
	char *request_id;	/* of the IQ that is under way before there is a session */
	char *resource;		/* that a legacy log-in asks for, until the account is settled */
	char *lang;		/* of its stream, and so of its stanzas that name none */
	char *stream_id;	/* of a component's stream: its handshake is made from it */
	struct sm *sm;		/* stream management, or NULL */
	uint64_t mark_number;	/* done when the socket has taken up to mark_offset */
	uint64_t mark_offset;
	uint16_t bare_len;
	uint8_t state; /* enum client_state */
	uint8_t entry; /* enum c2sd_entry */
	uint8_t attempts;
	uint8_t close_reason; /* enum close_reason */
	bool known;	      /* routerd has heard of it */
	bool session_known;   /* it has, or had until its end came, a session */
	bool detached;	      /* its stream is lost or fenced off, and routerd has not said DROP */
	bool header_sent;     /* of the current stream */
	bool stranger;	      /* it has not logged in, for the gate */
	bool counted;	      /* by the gate */
	bool paused;
	bool mark_open; /* mark_number and mark_offset count */
	bool finishing; /* it has said </stream:stream>; what waits for credit goes out first */
	bool versionless; /* it speaks the protocol of before RFC 3920 */
	bool sasl_failed;
	uint32_t attempt; /* of its log-ins the one that counts: what comes of an earlier one is about nothing */
	uint16_t verdict; /* enum sasl_error that its next <response/> gets: it was judged before; or 0 */
	bool legacy; /* logged in by XEP-0078 */
	bool inactive_wanted, inactive_told; /* XEP-0352, as the client and as routerd has it */
};

/* A new connection; takes over the descriptor. */
void client_accept(struct c2sd *srv, int fd, enum c2sd_entry entry);

struct client *client_find(const struct c2sd *srv, uint64_t id);

/* Ends the stream with an error; text may be NULL.  `why` goes to the log. */
void client_fail(struct client *c, enum stream_error condition, const char *text);
/* The same with an element of an application beside the condition. */
void client_fail_with(struct client *c, enum stream_error condition, struct str element);
/* routerd has all that was kept for a detached client. */
void client_dropped(struct client *c);
/* routerd has killed a detached client, or does not know it any more after a restart. */
void client_forgotten(struct client *c);
/* Ends the stream without an error: the client said </stream:stream>.  What it sent before
 * goes to routerd first, as credit comes. */
void client_finish(struct client *c);

/* It has logged in as that account (of a component: that domain). */
void client_identified(struct client *c, struct str account);
/* It has not; after too many attempts it is closed. */
void client_login_failed(struct client *c);

/* The stream begins anew: after TLS, after SASL. */
void client_restart(struct client *c, enum client_state state, const struct reader_limits *limits);

/* The opening tag of our side, where it is not sent yet; to may be absent. */
void client_send_header(struct client *c, struct str to);

/* Appends to what the client gets. */
struct buf *client_output(struct client *c);

/* "c2sd@1/17", for the log; static. */
const char *client_name(const struct client *c);

#endif
