/*
 * register - accounts that strangers make for themselves, before they log in (XEP-0077)
 *
 * c2sd asks for the fields and checks their form; routerd decides.
 */
#ifndef C2SD_REGISTER_H
#define C2SD_REGISTER_H

#include "bus/link.h"
#include "c2sd/early.h"

/* Is it on offer on this stream? */
bool register_offered(const struct client *c);

void register_request(struct client *c, const struct early_request *r);

bus_handler_fn on_registered;

#endif
