/*
 * roster_view - a roster as its owner's clients see it: his own contacts, and whom he sees by groups, as one
 *
 * Of one who is both, the name is his own where he has given one, and the groups are his own and those by which he is
 * seen.  Who is seen by a group is subscribed to: "to", or "both" where he sees the owner as well.
 *
 * A version (RFC 6121 2.6) is that of the own contacts and, where the owner sees anybody by a group, a print of the
 * groups (sight_print()).  The difference since an older one is told only where the print is the same.
 */
#ifndef ROUTERD_ROSTER_VIEW_H
#define ROUTERD_ROSTER_VIEW_H

#include "base/buf.h"
#include "routerd/account.h"
#include "routerd/roster.h"

/* Does he see him by a group? */
bool roster_view_shares(const struct account *a, struct str jid);

/* <item/> of a contact (2.1.2): own says what he is among the own contacts, by CONTACT_LISTED.  One who is in neither
 * part is removed. */
void roster_view_item(struct buf *out, const struct account *a, const struct contact_text *own);

/* All of them, and how many. */
void roster_view_items(struct buf *out, const struct account *a);
size_t roster_view_size(const struct account *a);

/* Which push of several that belong together: not to come back with, but for the last. */
enum { VERSION_LAST = 0, VERSION_OPEN = UINT32_MAX };
/* What a push of an own contact is: while people are being told of a change, not the last. */
unsigned roster_view_step(const struct account *a);

/* " ver='..'", where the own contacts are of that version. */
void roster_view_version(struct buf *out, const struct account *a, uint64_t own, unsigned step);
/* true: it is one of this account's, and all but the own contacts is the same; *own is set. */
bool roster_view_parse(const struct account *a, struct str text, uint64_t *own);

/* <query/> of a push. */
void roster_view_push(struct buf *out, const struct account *a, const struct contact_text *own, unsigned step);

/* Of what a client says of a contact, what is not there by groups anyway: the text's name, and groups, which are put
 * into the buffer. */
void roster_view_own_part(const struct account *a, struct contact_text *text, struct buf *groups);

#endif
