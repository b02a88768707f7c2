/*
 * offline - messages that wait for an account (XEP-0160)
 *
 * A message is stored with its origin, and is safe at the commit.  The first resource that becomes
 * available with a priority that is not negative gets them, in order, with the time of their
 * arrival (XEP-0203); a row goes when its message is done (custody.md, 11), so that the death of
 * anything in between loses none.  While an account has rows that were not sent yet, new messages
 * for it queue behind them.
 */
#ifndef ROUTERD_OFFLINE_H
#define ROUTERD_OFFLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct account;
struct offline_row;
struct parcel;
struct router;
struct session;
struct stanza;

/* In struct account. */
struct offline {
	uint32_t rows;	    /* in the store, those on their way there included */
	uint32_t unsent;    /* of them not given to any session */
	int64_t sent;	    /* the id of the last row that was given to a session */
	struct list flight; /* struct offline_row: given, and not done */
	bool sending;	    /* a page of them is being read */
};

void offline_init(struct offline *o);
/* The account was loaded: so many rows are there. */
void offline_loaded(struct offline *o, uint32_t rows);

/* Must it be stored when nobody takes it, by type, content and hints? */
bool offline_wants(const struct stanza *s);

/* Stores it.  0; BH_EBUSY when the quota is full (nothing happened).  The quota doubles while what
 * is stored is on its way out. */
int offline_store(struct account *a, struct parcel *p);

/* New messages must wait behind what is stored. */
bool offline_queued(const struct account *a);

/* The session takes messages now: its account's first one gets what waits. */
void offline_send(struct session *s);

/* What a parcel that came from the store has with it: its client has it; or the parcel goes. */
void offline_row_done(struct offline_row *row);
void offline_row_free(struct offline_row **row);

/* At the end of a turn: deletes the rows that were done in it. */
void offline_flush(struct router *r);

/* Once a second: now and then it deletes what is older than the configuration allows. */
void offline_tick(struct router *r);

#endif
