/*
 * resume - stream management: a session that may be resumed, and a client that comes back for it
 */
#ifndef ROUTERD_RESUME_H
#define ROUTERD_RESUME_H

#include "bus/link.h"
#include "routerd/front.h"
#include "routerd/session.h"

/* The store knows the session's new owner (rc == 0): the connection that wants it gets it. */
void resume_finish(struct session *s, int rc);
/* The session has ended: whoever wants it hears so, and whoever comes for it later. */
void resume_gone(struct session *s);
/* The connection ends: it wants no session any more, and its front end keeps no copy. */
void resume_forget(struct connection *c);

/* What it is resumed by; valid until the next call. */
const char *resume_id(const struct session *s);

bus_handler_fn on_sm_enable, on_resume, on_detached;

#endif
