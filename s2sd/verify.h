/*
 * verify - the question to a domain's own server whether a key is its own (XEP-0220 2.1.2)
 */
#ifndef S2SD_VERIFY_H
#define S2SD_VERIFY_H

#include "s2sd/peer.h"

struct proof;
struct verify;

/* Asks; the proof is held or refused then.  false: as many are asked as may be (s2sd.verifications, and those of one address). */
bool verify_start(struct proof *proof, struct str key);
/* Nobody wants to know any more. */
void verify_cancel(struct verify **v);

/* On that stream this was asked. */
bool verify_asked(const struct peer *p, struct str local, struct str remote, struct str id);
/* condition: enum stanza_error where the server had no answer, else 0. */
void verify_answered(struct peer *p, bool valid, unsigned condition, const char *why);

#endif
