/*
 * custody_store - sessions' queues in the store
 *
 * A stanza for a session that no front end carries is safe at the commit of its row (custody.md, 2); so is one that a
 * stopped front end does not confirm.  A row goes when the stanza is done.  Rows gather during a turn and are
 * committed at its end.
 */
#ifndef ROUTERD_CUSTODY_STORE_H
#define ROUTERD_CUSTODY_STORE_H

#include "routerd/custody.h"
#include "store/store.h"

struct custody;

/* Writes the entry's row.  Unless somebody else is to hold it, it is held when that is committed. */
void custody_store(struct custody *c, bool elsewhere);
/* The session took the message: its row among the stored messages ends where that in its queue begins. */
void custody_moved(const struct parcel *p, const struct session *s);
/* Its client has all up to n: their rows go. */
void custody_unstore(struct session *s, uint64_t n);
/* Once a second: what a front end has not confirmed for 2 s is stored, and safe with that (custody.md, 9). */
void custody_store_overdue(struct router *r);
/* The session has lost its front end: all its entries are taken from that and stored. */
void custody_store_all(struct session *s);
/* It sleeps, and something that waits for it is not safe. */
bool custody_unsafe(const struct session *s);
/* All its entries have rows. */
bool custody_all_stored(const struct session *s);

/* A row of an earlier run comes back: SQL_QUEUED_GET. */
void custody_load(struct session *s, const struct store_rows *row);
/* A front end gives one back that it keeps (RESTORE_STANZA). */
int custody_restore(struct session *s, const struct msg_restore_stanza *m);

/* Its front end has named what it holds: it is sent what it never got. */
void custody_renew(struct session *s);

/* A front end carries the session from now on: it is sent all that its client has not
 * acknowledged, with the numbers that they have. */
void custody_send_again(struct session *s);
/* There is room on the front end's link: sessions whose queues found none before go on, one after another.  Until then
 * what comes for them is stored behind that. */
void custody_go_on(struct front *front);
/* That front end confirmed frames up to there: what it was sent again needs no rows any more. */
void custody_store_held(struct front *front, uint64_t upto);

/* At the end of a turn. */
void custody_store_flush(struct router *r);

#endif
