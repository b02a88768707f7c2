/*
 * revoked - accounts whose rights have ended a moment ago
 *
 * The word of that and the verdict of a log-in that began before come on different links, in either order: a verdict
 * that is older than the end of the account's rights counts for nothing (custody.md, 18).
 */
#ifndef ROUTERD_REVOKED_H
#define ROUTERD_REVOKED_H

#include <stdbool.h>

#include "routerd/router.h"

/* condition: enum sasl_error, that the user of such a log-in is told. */
void revoked_note(struct router *r, struct str account, uint64_t generation, unsigned condition);
/* That condition where a verdict of that generation is older; or 0. */
unsigned revoked_since(const struct router *r, struct str account, uint64_t generation);
/* Once a second: those older than any log-in can be go. */
void revoked_tick(struct router *r);
void revoked_free(struct router *r);

#endif
