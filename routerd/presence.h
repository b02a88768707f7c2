/*
 * presence - which resources are available, among an account's own
 */
#ifndef ROUTERD_PRESENCE_H
#define ROUTERD_PRESENCE_H

#include "routerd/session.h"

/* The session goes: its other resources see it unavailable, if it was available. */
void presence_session_gone(struct session *s);

#endif
