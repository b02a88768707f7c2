/*
 * lookup - routerd asks whether there is such an account
 *
 * Of a domain that a directory holds, that is asked; what cannot be asked is not said to be absent.
 */
#ifndef AUTHD_LOOKUP_H
#define AUTHD_LOOKUP_H

#include "bus/link.h"

struct authd;

bus_handler_fn on_account_lookup;

/* The directories go: who waits for one of them hears that it cannot be read. */
void lookups_abandon(struct authd *a);

#endif
