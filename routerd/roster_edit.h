/*
 * roster_edit - changes of a roster: memory, store and pushes together
 *
 * The push (RFC 6121 2.1.6) is made of what the contact becomes now, and follows the commit.
 */
#ifndef ROUTERD_ROSTER_EDIT_H
#define ROUTERD_ROSTER_EDIT_H

#include "routerd/account.h"
#include "routerd/change.h"
#include "routerd/roster.h"

/* The contact becomes what text says (its version is not looked at).  One that is neither listed nor
 * has a state goes.  Nothing happens where nothing differs.  0, BH_ENOMEM, or BH_EBUSY where the
 * roster is full (routerd.roster_contacts). */
int roster_edit(struct change *c, struct account *a, const struct contact_text *text);

/* Is there room for that contact, or is it there? */
bool roster_edit_fits(const struct account *a, struct str jid);

/* The contact leaves the roster; text may borrow from it. */
void roster_edit_remove(struct change *c, struct account *a, struct contact *contact);

#endif
