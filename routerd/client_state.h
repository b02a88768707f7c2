/*
 * client_state - whether somebody looks at a client (XEP-0352)
 *
 * While nobody does, presence for it is kept back, the latest of each sender only, and so are
 * chat states without a message.  Anything else is important: what was kept back goes before it, so
 * that the order between any two entities stays.  What is kept back has no number yet (custody.md,
 * 3).  The same happens to presence for which a session's queue has no room (custody.md, 9).
 */
#ifndef ROUTERD_CLIENT_STATE_H
#define ROUTERD_CLIENT_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "base/map.h"
#include "bus/link.h"

struct parcel;
struct session;

struct client_state {
	struct map presence, chat; /* struct kept (client_state.c) by the sender's full JID */
	struct list order;	   /* of both, the oldest first */
	struct list late;	   /* its place in a fan-out (custody.c) */
	size_t bytes;		   /* of what is kept */
	bool inactive;
};

/* Something was kept back. */
static inline bool client_state_pending(const struct client_state *cs)
{
	return !list_empty(&cs->order);
}

void client_state_init(struct client_state *cs);
void client_state_fini(struct client_state *cs);

/* true: the parcel was kept back.  false: it is to be delivered, behind what was kept. */
bool client_state_keep(struct client_state *cs, struct parcel *p);
/* What was kept back is delivered.  Not within a fan-out. */
void client_state_flush(struct session *s);

bus_handler_fn on_client_state;

#endif
