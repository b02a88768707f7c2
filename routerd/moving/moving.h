/*
 * moving - an account's data come in, and go out (bus/user_data.h)
 *
 * What comes in is judged as a whole, then compared with what is there; only what differs is changed, in one transaction
 * (change.h).  Nothing is taken away: contacts, private XML and blocked addresses that are not named stay.  So the same
 * data may come twice.  Messages are known again by a digest, also after their delivery.
 */
#ifndef ROUTERD_MOVING_H
#define ROUTERD_MOVING_H

#include "bus/server.h"
#include "bus/user_data.h"
#include "routerd/router.h"
#include "store/store.h"

struct account;
struct change;

/* From an administrator: those about keys go on to authd. */
bus_handler_fn on_user_put, on_user_get, on_account_move, on_keys_get;
/* Its answers, which go back. */
bus_handler_fn on_moved, on_keys;

/* ---- between the files ------------------------------------------------------------------------ */

/* What the store has of the account besides: what on_user_put() compares with. */
struct moving_stored {
	struct buf vcard;    /* a struct user_datum: USER_VCARD */
	struct buf elements; /* a list of struct user_datum: USER_PRIVATE */
	struct buf origins;  /* of messages that came before, DIGEST_128_SIZE bytes each */
};

/* Adds the questions about what is in no account's memory; takes the answers. */
void moving_ask(struct store_tx *tx, struct str account);
void moving_take(struct moving_stored *stored, struct store_rows *rows);
void moving_stored_fini(struct moving_stored *stored);

/* NULL, or why the account cannot have that: a sentence in text.  judge.c */
const char *moving_judge(const struct account *a, struct str data, const struct moving_stored *stored, char text[256]);

/* Is it there, just so? */
bool moving_has(const struct account *a, const struct user_datum *d, const struct moving_stored *stored);
/* Changes it.  put.c */
void moving_put(struct change *c, struct account *a, const struct user_datum *d);

#endif
