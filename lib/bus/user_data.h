/*
 * user_data - what an account has, as it moves from one server to another: a list of data in one blob
 *
 *   kind           jid         name            more             xml                    flags, time
 *   USER_CONTACT   bare JID    in the roster,  its groups (a    the envelope of its    set of enum
 *                              or absent       textlist)        request that waits     user_contact_flag
 *   USER_BLOCKED   address
 *   USER_VCARD                                                  <vCard/>
 *   USER_PRIVATE               of the element  its namespace    the element
 *   USER_MESSAGE   its sender                                   its envelope           when it came
 *   USER_LAST                  the status,                                             when he was last seen
 *                              or absent
 *
 * Addresses are prepared, XML is canonical (xmpp/xmlcheck.h), envelopes are those of xmpp/stanza.h, times are seconds since
 * 1970.  Messages stand in the order in which they came.
 */
#ifndef BH_USER_DATA_H
#define BH_USER_DATA_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

enum user_datum_kind {
	USER_CONTACT = 1,
	USER_BLOCKED = 2,
	USER_VCARD = 3,
	USER_PRIVATE = 4,
	USER_MESSAGE = 5,
	USER_LAST = 6,
};

enum user_contact_flag {
	USER_LISTED = 1, /* in the roster */
	USER_TO = 2,	 /* the user sees the contact's presence */
	USER_FROM = 4,	 /* the contact sees the user's */
	USER_ASKED = 8,	 /* the user has asked to see it */
	USER_ASKS = 16,	 /* the contact has asked */
	USER_APPROVED = 32, /* if it asks, it may (RFC 6121 3.4) */
};

struct user_datum {
	uint8_t kind, flags;
	int64_t time;
	struct str jid, name, more, xml;
};

void user_datum_put(struct buf *out, const struct user_datum *d);
/* Takes the first, which borrows from the list; false at the end, or where the rest is no list. */
bool user_datum_take(struct str *list, struct user_datum *d);

#endif
