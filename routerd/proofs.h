/*
 * proofs - which remote domains a connection of s2sd speaks for, and to which of ours
 *
 * A server stream may carry several pairs of domains (XEP-0220 2.6); a stanza from it is taken for these alone.  s2sd has seen the proof, and is believed (custody.md, 22): but never that a domain of ours is remote.
 */
#ifndef ROUTERD_PROOFS_H
#define ROUTERD_PROOFS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "bus/link.h"

enum { PROOFS_MAX = 64 }; /* of one connection */

struct proofs;

struct proofs *proofs_create(void);
/* NULL of NULL. */
struct proofs *proofs_copy(const struct proofs *p);
void proofs_free(struct proofs **p);

/* 0, or BH_EBUSY when there are too many. */
int proofs_add(struct proofs *p, struct str local, struct str remote);
bool proofs_have_pair(const struct proofs *p, const char *pair); /* "remote/local" */
bool proofs_have(const struct proofs *p, struct str local, struct str remote);
/* All of the other's are among them. */
bool proofs_cover(const struct proofs *p, const struct proofs *other);
/* Is it so of all of them? */
bool proofs_all(const struct proofs *p, bool (*is)(void *arg, struct str local, struct str remote), void *arg);
/* "remote/local" of the first, which names the session. */
struct str proofs_first(const struct proofs *p);

/* As a text for the store. */
void proofs_put(const struct proofs *p, struct buf *out);
/* NULL where it is none. */
struct proofs *proofs_take(struct str text);

bus_handler_fn on_prove;

#endif
