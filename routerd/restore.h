/*
 * restore - sessions of the run before (custody.md, 5, 6, 14, 17)
 *
 * After a start the store's rows are sessions again, each with a claim: the front end that carried it may
 * come, the same process as before, and say how far it is.  Until each of those has come, or 1.5 s are over,
 * nothing is routed and nobody is bound ("the barrier").  When a front end has named all its sessions, those
 * that it did not name have ended; or they sleep, where their clients may resume them.  A front end that comes
 * later still gets its sessions, for a minute; until then nothing is numbered for them.
 */
#ifndef ROUTERD_RESTORE_H
#define ROUTERD_RESTORE_H

#include <stdbool.h>

#include "bus/link.h"
#include "routerd/router.h"

struct connection;
struct session;

struct restoring *restoring_create(struct router *r);
void restoring_stop(struct router *r, void (*done)(void *router));
void restoring_free(struct restoring **x);

/* Reads the rows; then done. */
void restore_load(struct router *r, void (*done)(struct router *r, int rc));

/* A RESUME or BIND that must wait for the barrier, or for who claims the session (that may be NULL): it is
 * handled again then.  false: it need not. */
bool restore_defer(const struct bus_event *event, struct connection *c, const struct session *s);
/* The connection goes. */
void restore_undefer(struct connection *c);
/* The session goes, or is somebody's. */
void restore_forget(struct session *s);

/* Tells the front ends that are restored how much they may have under way. */
void restore_credit(struct router *r);

/* An authd is there: it is asked about the accounts of restored sessions. */
void restore_check_accounts(struct router *r);
/* Once a second: another one is asked, or that one again, where it could not say. */
void restore_tick(struct router *r);

/* The barrier is open, and everybody has come who is to come. */
bool restore_over(const struct router *r);
/* Stanzas of before the start may still come again. */
bool restore_repeats(const struct router *r);

bus_handler_fn on_restore, on_restore_stanza, on_restored;

#endif
