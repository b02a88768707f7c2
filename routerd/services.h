/*
 * services - the requests that routerd answers itself
 */
#ifndef ROUTERD_SERVICES_H
#define ROUTERD_SERVICES_H

#include "routerd/route.h"
#include "xmpp/tree.h"

/* Whom a request is for. */
enum service_place {
	SERVICE_SERVER = 1,  /* a domain of ours */
	SERVICE_ACCOUNT = 2, /* the sender's own account */
	SERVICE_OTHER = 4,   /* somebody else's account */
};

/* A handler gets the request's one child; it answers by transit_result(), transit_error(), or a
 * change (change.h). */
typedef void service_fn(struct transit *t, enum service_place place, const struct tree_node *child);

/* Answers an IQ get or set that is addressed to the server or to an account. */
/* As route_stanza(). */
bool services_answer(struct transit *t, enum service_place place);

#endif
