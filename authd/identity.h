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

/* Of a directory: asks for the account, and, unless absent, whether that is its password; OUTCOME_WAIT, or it failed.
 * done() sets question to NULL, and gives the answer to identity_answered() in its mechanism's resume. */
typedef void dirjob_done_fn(void *arg, const struct dirjob_result *result);
enum outcome identity_ask(struct exchange *x, struct str password, dirjob_done_fn *done);
enum outcome identity_answered(struct exchange *x, const struct dirjob_result *r, bool password);

/* Is another guess at this account from this address allowed?  False: the exchange failed. */
bool identity_may_guess(struct exchange *x);

/* The same, and counts it: call right before the proof is checked. */
bool identity_charge(struct exchange *x);

/* The proof was wrong. */
enum outcome identity_wrong(struct exchange *x);
/* The proof was right: success, unless the account does not exist or is disabled. */
enum outcome identity_proved(struct exchange *x);

#endif
