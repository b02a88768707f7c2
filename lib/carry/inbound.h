/*
 * inbound - what a carried session sent, on its way to routerd (custody.md, 8)
 *
 * Everything is kept in order until routerd says SAFE, since routerd may die; it is sent as far as
 * the credit of the session and of the link goes.  While something waits for credit the peer's socket
 * is not read.
 */
#ifndef CARRY_INBOUND_H
#define CARRY_INBOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct carried;
struct carrier;

/* The kind of a stanza; a front end has notes of its own kinds, which keep their place among them. */
enum { INBOUND_STANZA = 0 };

struct inbound {
	uint8_t kind;
	struct str from, envelope; /* of a stanza; from where the peer says who that is */
	uint16_t refuse;	   /* as in SUBMIT */
	bool flag;		   /* of a note */
	uint32_t value;
};

/* Sends it, or lets it wait. */
void inbound_add(struct carried *c, const struct inbound *in);
/* The same for a note. */
void inbound_note(struct carried *c, uint8_t kind, bool flag, uint32_t value);

/* How many stanzas it has sent, those that wait for credit included. */
uint64_t inbound_count(const struct carried *c);
/* Something was not sent yet. */
bool inbound_waits(const struct carried *c);

/* All up to n are safe. */
void inbound_safe(struct carried *c, uint64_t n);
/* What is not safe will be sent again, to another routerd, when there is credit. */
void inbound_rewind(struct carried *c);
/* Nobody will ask for what was not sent: the peer's connection is lost, and will say so. */
void inbound_cut(struct carried *c);
/* The session is gone. */
void inbound_forget(struct carried *c);

/* There is credit again: for all that wait. */
void inbound_push_all(struct carrier *k);

#endif
