/*
 * bind - connections become sessions (RFC 6120 7)
 */
#ifndef ROUTERD_BIND_H
#define ROUTERD_BIND_H

#include "routerd/front.h"

/* The connection ends while its session is on its way to the store. */
void bind_forget(struct connection *c);

#endif
