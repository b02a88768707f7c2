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

/* Answers an IQ get or set that is addressed to the server or to an account. */
void services_answer(struct transit *t, enum service_place place);

#endif
