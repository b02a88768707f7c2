/*
 * reload - all daemons take a new configuration, or none does
 *
 * routerd leads (lib/daemon/reload.h): it reads the file, asks every daemon that is linked to prepare for that very text,
 * and only when all have said that they can, tells them to adopt it: keyd first, so that keys are there before
 * certificates, and itself last.  Who refuses, or does not answer for 15 s, stops it for all.  One is under way
 * at a time.
 *
 * A daemon says in its HELLO what it runs on.  Those that come back with something else than ours (they were away, or we
 * were, and have read a newer file) are led through the same steps to ours, two seconds later, when the others are back,
 * too.  That fails where the file is not ours any more: then the log says so, `status` shows it, and a reload mends it.
 *
 * It is begun by an administrator, who gets a row for each changed setting, or by SIGHUP, which other daemons pass on
 * (RELOAD_ASK): of theirs one is heard in five seconds, and another put off until then.  The log has the same rows.
 */
#ifndef ROUTERD_RELOAD_H
#define ROUTERD_RELOAD_H

#include "bus/link.h"
#include "bus/server.h"
#include "routerd/router.h"

struct reload;

/* Who asks, and under which number of his; dry: nothing is adopted. */
struct reload_ask {
	struct bus_peer *asker;
	uint64_t subject;
	bool dry;
};

struct reload *reload_create(void);
void reload_free(struct reload **reload);

/* ask NULL: a signal.  One that comes while another is under way is done after it; an administrator is told to wait. */
void reload_begin(struct router *r, const struct reload_ask *ask);
/* It runs on another configuration than we do. */
bool reload_differs(const struct router *r, const struct bus_peer *peer);
/* A daemon has come. */
void reload_joined(struct router *r, const struct bus_peer *peer);
/* A peer has gone. */
void reload_lost(struct router *r, const struct bus_peer *peer);
/* routerd ends, and with it the reload that is under way.  Whoever has adopted it keeps it. */
void reload_stop(struct router *r);
/* Once a second. */
void reload_tick(struct router *r);

bus_handler_fn on_reload_state, on_reload_ask;

#endif
