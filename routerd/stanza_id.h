/*
 * stanza_id - the ids that messages bear in an account (XEP-0359)
 *
 * An id is a function of the message's origin: the same at every repetition, and
 * not to be guessed, since origins are random.
 */
#ifndef ROUTERD_STANZA_ID_H
#define ROUTERD_STANZA_ID_H

#include "routerd/account.h"
#include "routerd/route.h"

/* The addition for the account, valid until the next call. */
struct str stanza_id_addition(const struct cause *cause, const struct account *a);

/* Takes out what claims to be by us: this account or its domain.  Only where
 * CONTENT_STANZA_ID says that there may be any.  What the transit then says is valid until the next
 * call. */
void stanza_id_strip(struct transit *t, const struct account *a);

#endif
