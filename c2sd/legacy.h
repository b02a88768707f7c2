/*
 * legacy - the log-in of clients that are older than SASL (XEP-0078)
 *
 * Their password goes to authd as PLAIN does, under TLS only; what they call their resource is
 * bound at once.
 */
#ifndef C2SD_LEGACY_H
#define C2SD_LEGACY_H

#include "bus/bus.h"
#include "c2sd/early.h"

/* Is it on offer on this stream? */
bool legacy_offered(const struct client *c);

void legacy_request(struct client *c, const struct early_request *r);

/* authd's judgement came; routerd made the session, or did not (an enum stanza_error). */
void legacy_judged(struct client *c, const struct msg_auth_result *m);
void legacy_welcome(struct client *c);
void legacy_refused(struct client *c, unsigned condition);

#endif
