/*
 * purge - an account goes, and nothing that says that it was there
 *
 * More than erase.h, which is its first part: it goes out of the rosters and blocklists of others too, messages of its
 * user that still wait for others go, and what was deleted is in no file of ours any more.  It is done once more where it
 * was interrupted: an account that authd does not know is purged all the same.
 */
#ifndef ROUTERD_PURGE_H
#define ROUTERD_PURGE_H

#include "base/str.h"
#include "bus/server.h"
#include "routerd/router.h"

/* The administrator gets a row for each store, with what was in it, and the end when all has gone. */
void purge_begin(struct router *r, struct str bare, struct bus_peer *asker, uint64_t subject);

#endif
