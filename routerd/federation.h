/*
 * federation - which accounts may exchange stanzas with remote domains (domain.federation)
 *
 * An account that may not is for a remote domain one that does not exist.  Components are no remote domains, and what
 * the server says for itself is nobody's.
 */
#ifndef ROUTERD_FEDERATION_H
#define ROUTERD_FEDERATION_H

#include <stdbool.h>

#include "routerd/router.h"
#include "xmpp/jid.h"

struct account;

/* May that account of ours exchange stanzas with that address? */
bool federation_allows(const struct router *r, const struct jid *ours, const struct jid *with);

/* The account has its first session: what remote contacts have been told, or will be, is as it may by now. */
void federation_begin(struct account *a);
/* It may do something else since then: they see it go, or come. */
void federation_review(struct account *a);
/* The same for all who are there, and are of a domain of ours. */
void federation_review_all(struct router *r);

#endif
