/*
 * offline - messages that wait for an account (XEP-0160)
 *
 * A message is stored with its origin, and is safe at the commit.  The first resource that becomes
 * available with a priority that is not negative gets them, in order, with the time of their
 * arrival (XEP-0203): one transaction moves the row to that session's queue (custody_store.h), and what
 * is not done when the session ends moves back to where it was.  So the death of anything in between loses
 * none and gives none twice (custody.md, 11).  While an account has rows, new messages for it queue
 * behind them.
 */
#ifndef ROUTERD_OFFLINE_H
#define ROUTERD_OFFLINE_H

#include <stdbool.h>
#include <stdint.h>


struct account;
struct parcel;
struct router;
struct session;
struct stanza;
struct store_tx;

/* In struct account. */
struct offline {
	uint32_t rows; /* in the store, those on their way there included */
	bool sending;  /* some of them are being read, */
	bool found;    /* there were any, */
	bool enough;   /* and no session takes more of them for now */
};

/* The account was loaded: so many rows are there. */
void offline_loaded(struct account *a, uint32_t rows);

/* Must it be stored when nobody takes it, by type, content and hints? */
bool offline_wants(const struct stanza *s);

/* Stores it.  0; BH_EBUSY when the quota is full (nothing happened).  The quota doubles while what
 * is stored is on its way out; what came from the store finds its place there in any case. */
int offline_store(struct account *a, struct parcel *p);

/* New messages must wait behind what is stored. */
bool offline_queued(const struct account *a);

/* The session takes messages now: its account's first one gets what waits. */
void offline_send(struct session *s);

/* The entry that was made of that row is in the same transaction as its end here. */
void offline_row_moved(struct store_tx *tx, int64_t row);

/* Once a second: now and then it deletes what is older than the configuration allows. */
void offline_tick(struct router *r);

#endif
