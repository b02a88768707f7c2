/*
 * hibernate - sessions whose client is gone, and may come back (XEP-0198)
 *
 * A session with stream management outlives its connection: it is asleep, for its contacts as available as
 * before, and what comes for it is kept in the store.  The front end that it had keeps its copy until
 * the store has all (DROP).  A session is resumed when what its old front end had accepted is safe, and the
 * store knows that: only then the client hears how much of what it sent has counted (custody.md, 4).
 */
#ifndef ROUTERD_HIBERNATE_H
#define ROUTERD_HIBERNATE_H

#include <stdbool.h>

#include "routerd/session.h"

/* May it wait for its client, when its connection ends for that reason (enum close_reason)? */
bool session_outlives(const struct session *s, unsigned reason);

/* It begins asleep. */
void hibernate_begin(struct session *s);
/* Its connection is gone, with its front end's copy. */
void session_sleep(struct session *s);
/* Its connection is lost, or fenced off; its front end keeps a copy. */
void session_detach(struct session *s);

/* Something was stored or became safe: whoever waited for that goes on. */
void hibernate_progress(struct router *r);
/* Once a second: those that have waited too long end. */
void hibernate_tick(struct router *r);

/* Before an asleep session goes. */
void hibernate_forget(struct session *s);

/* No stanza has fewer holders than it should (bulkheadctl status: "custody: healed"). */
bool hibernate_healed(const struct router *r);

#endif
