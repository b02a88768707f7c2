/*
 * session - a bound resource, from bind to its end; or a component that is connected
 *
 * It numbers what its client receives: nothing reaches a client but by fanout_add(), and each
 * custody entry stays in `outbound` until the front end says DONE.  Its origin outlives it while
 * stanzas that it sent are under way.
 */
#ifndef ROUTERD_SESSION_H
#define ROUTERD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "bus/bus.h"
#include "routerd/account.h"
#include "routerd/client_state.h"
#include "routerd/directed.h"
#include "routerd/front.h"
#include "routerd/origin.h"
#include "xmpp/jid.h"

struct component;
struct parcel;

struct session {
	struct map_node node; /* in router.sessions, by origin->id */
	struct list in_account;
	struct account *account;     /* NULL: it is a component's */
	struct component *component; /* or NULL */
	struct connection *connection;
	struct origin *origin;
	char *text; /* the full JID; the domain of a component */
	struct jid jid;
	uint32_t epoch;
	int64_t since; /* wall clock */
	struct parcel *presence; /* the last one sent to all; NULL while unavailable */
	struct directed directed;
	struct client_state state;
	int8_t priority;
	bool wants_roster;    /* it has asked for the roster: it gets pushes (RFC 6121 2.1.6) */
	bool wants_blocklist; /* the same for the blocklist */
	bool carbons;	      /* it gets copies of the account's other messages (XEP-0280) */
	struct list outbound; /* struct custody, by number */
	uint64_t sent;	      /* the number of the last */
	size_t outbound_bytes;
};

/* Binds the resource (prepared) to the connection, whose account has none of that name; or the
 * connection's component, then resource is absent.  0 or BH_ENOMEM. */
int session_create(struct connection *c, struct str resource, struct session **out);

/* Ends it: its unavailable presence goes out, and what its client had not got is treated as for
 * a resource that has gone (RFC 6121 8). */
void session_end(struct session *s);

/* Choices for emit_to_account(). */
bool session_available(const struct session *s);
bool session_wants_roster(const struct session *s);
bool session_wants_blocklist(const struct session *s);
/* Available, with a priority that is not negative. */
bool session_takes_messages(const struct session *s);

#endif
