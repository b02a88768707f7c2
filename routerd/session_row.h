/*
 * session_row - a session's row in the store (custody.md, 14)
 *
 * It is written before the client hears that it is bound, and whenever something of it has changed; it
 * goes with the session.  After a restart of routerd it is what a front end's word is held against.
 */
#ifndef ROUTERD_SESSION_ROW_H
#define ROUTERD_SESSION_ROW_H

#include "routerd/cause.h"
#include "routerd/session.h"
#include "store/store.h"

enum session_kind {
	SESSION_OWNED = 0, /* by an account or a component */
	SESSION_PAIR = 1,
	SESSION_PROOFS = 2,
};

/* SQL_SESSION_PUT's and SQL_SESSIONS_GET's columns. */
struct session_row {
	struct bus_id id;
	struct str jid, instance; /* instance: of the front end, empty where it has none */
	struct bus_id boot;	  /* of that front end */
	uint32_t epoch;
	int64_t since, asleep_since; /* wall clock; 0: it is not asleep */
	uint64_t generation;
	struct str mechanism;
	bool sm;
	uint32_t resume_s; /* 0: it cannot be resumed */
	uint64_t in_base, out_base, in_number, acked, sent;
	struct str state; /* session_state.h */
	uint8_t kind;	  /* enum session_kind */
};

void session_row_put(struct store_tx *tx, const struct session_row *row);
void session_row_take(const struct store_rows *rows, struct session_row *row);

/* The session as it is now. */
void session_write(struct session *s, struct store_tx *tx);
void session_unwrite(const struct bus_id *id, struct store_tx *tx);

/* Something of its row has changed: it is written at the end of the turn, and the cause is not safe
 * before the commit; cause may be NULL. */
void session_changed(struct session *s, const struct cause *cause);
/* One of its flags is to be so from now on: the same, if that is news. */
void session_set(struct session *s, bool *flag, bool value, const struct cause *cause);
void session_rows_flush(struct router *r);

#endif
