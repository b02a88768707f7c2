/*
 * carbons - copies of an account's messages for its other resources (XEP-0280)
 */
#ifndef ROUTERD_CARBONS_H
#define ROUTERD_CARBONS_H

#include "routerd/account.h"
#include "routerd/route.h"

/* For the sender's other resources. */
void carbons_sent(struct transit *t);
/* For those of the recipient's resources that did not get the message: got says who did. */
void carbons_received(struct transit *t, struct account *a, struct str additions,
	bool (*got)(const struct transit *t, const struct session *s));

#endif
