/*
 * identity - from the names that a client gives to the account that they mean
 */
#ifndef AUTHD_IDENTITY_H
#define AUTHD_IDENTITY_H

#include "authd/exchange.h"

/* authcid is a local part (RFC 6120, 6.3.7), authzid empty or the bare JID of the same account
 * (attacks.md, S11).  Sets account, known and record.  False: the exchange has failed, as
 * exchange_fail() says.  An account that does not exist is no failure here: it gets a
 * record that no password fits. */
bool identity_take(struct exchange *x, struct str authcid, struct str authzid);

/* Who it is has been proved otherwise: success where the account exists and is not disabled. */
enum outcome identity_exists(struct exchange *x);

/* Of a directory: asks about the account (password: of DIRJOB_VERIFY), or whose certificate that is, before anybody
 * knows the account.  OUTCOME_WAIT, or it failed.  done() sets question to NULL, and gives the answer to one of the
 * functions below in its mechanism's resume. */
typedef void dirjob_done_fn(void *arg, const struct dirjob_result *result);
enum outcome identity_ask(struct exchange *x, enum dirjob_kind kind, struct str password, dirjob_done_fn *done);
enum outcome identity_ask_certificate(struct exchange *x, struct str name, dirjob_done_fn *done);
/* As identity_exists(), by what the directory says. */
enum outcome identity_answered(struct exchange *x, const struct dirjob_result *r);
/* As identity_proved() or identity_wrong(), by what it says of a password. */
enum outcome identity_verified(struct exchange *x, const struct dirjob_result *r);
/* Takes the keys for that hash into the record, or a pretence.  False: it failed. */
bool identity_keys(struct exchange *x, const struct dirjob_result *r, enum scram_hash hash);

/* Has the account logged in from this address before? */
bool identity_known_there(const struct exchange *x);

/* Is another guess at this account from this address allowed?  False: the exchange failed. */
bool identity_may_guess(struct exchange *x);

/* The same, and counts it: call right before the proof is checked. */
bool identity_charge(struct exchange *x);

/* The proof was wrong. */
enum outcome identity_wrong(struct exchange *x);
/* The proof was right: success, unless the account does not exist or is disabled. */
enum outcome identity_proved(struct exchange *x);

#endif
