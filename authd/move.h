/*
 * move - accounts that come from other servers, and keys that go to them
 *
 * What is there already is left as it is: an import may be repeated.
 */
#ifndef AUTHD_MOVE_H
#define AUTHD_MOVE_H

#include "bus/link.h"

struct authd;

/* The links' owner is the struct authd. */
bus_handler_fn on_account_move, on_keys_get;

/* authd stops: those under way end. */
void moves_abandon(struct authd *a);

#endif
