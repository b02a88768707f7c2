/*
 * parcel_mac - what shows that a stanza is routerd's own
 *
 * Front ends keep what their clients have not acknowledged, and give it back to a routerd that starts again: each stanza with
 * the MAC that it was delivered with.  So one that has been taken over can put nothing among what goes on to others
 * from there.  The keys stay the same for the life of the store; sessions that it does not know are not restored.
 */
#ifndef ROUTERD_PARCEL_MAC_H
#define ROUTERD_PARCEL_MAC_H

#include <stdbool.h>
#include <stdint.h>

#include "bus/bus.h"
#include "routerd/custody.h"
#include "routerd/router.h"

/* Computed once. */
uint64_t parcel_mac(struct parcel *p);
bool parcel_mac_is_ours(const struct router *r, const struct msg_restore_stanza *m);

/* Before anything is delivered or given back: the keys of the store, which are made if there are none, and are safe there
 * then.  done: 0, or BH_EIO where they cannot be had. */
void parcel_keys_open(struct router *r, void (*done)(void *arg, int rc), void *arg);

#endif
