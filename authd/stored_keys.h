/*
 * stored_keys - SCRAM keys as directories hold them
 *
 * As authPassword (RFC 5803): SCRAM-SHA-256$iterations:salt$stored:server, and as userPassword in two ways:
 * {SCRAM-SHA-256}iterations:salt$stored:server and {SCRAM-SHA-256}iterations,salt,stored,server; SCRAM-SHA-1
 * alike.  Salt and keys are Base64.
 */
#ifndef AUTHD_STORED_KEYS_H
#define AUTHD_STORED_KEYS_H

#include "authd/keys.h"
#include "base/str.h"

/* Which hash they are for (an enum scram_hash): out->of[that] is set.  BH_EINVAL: these are no such keys. */
int stored_keys_parse(struct str value, struct account_keys *out);

#endif
