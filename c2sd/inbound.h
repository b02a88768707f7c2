/*
 * inbound - what a client sent, on its way to routerd (custody.md, 8)
 *
 * Everything is kept in order until routerd says SAFE, since routerd may die; it is sent as far as
 * the credit of the session and of the link goes.  While something waits for credit the client's socket
 * is not read.
 */
#ifndef C2SD_INBOUND_H
#define C2SD_INBOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "c2sd/client.h"

enum inbound_kind {
	INBOUND_STANZA = 1,
	INBOUND_STATE,	/* somebody looks at the client, or nobody does (XEP-0352) */
	INBOUND_ENABLE, /* stream management begins (XEP-0198) */
	INBOUND_DETACH, /* the connection is lost, and the session is not */
};

struct inbound {
	uint8_t kind; /* enum inbound_kind */
	struct str from, envelope; /* of a stanza; from where the client says who that is */
	uint16_t refuse;	   /* as in SUBMIT */
	bool active;		   /* of a state */
	bool resume;		   /* of an enable: it wants to resume, within max seconds */
	uint32_t max;
};

/* Sends it, or lets it wait; the client fails without memory. */
void inbound_add(struct client *c, const struct inbound *in);

/* How many stanzas it has sent, those that wait for credit included. */
uint64_t inbound_count(const struct client *c);

/* All up to n are safe. */
void inbound_safe(struct client *c, uint64_t n);
/* What is not safe will be sent again, to another routerd, when there is credit. */
void inbound_rewind(struct client *c);
/* Nobody will ask for what was not sent: the client's connection is lost, and will say so. */
void inbound_cut(struct client *c);
/* The client is gone. */
void inbound_forget(struct client *c);

/* There is credit again: for all that wait. */
void inbound_push_all(struct c2sd *srv);

#endif
