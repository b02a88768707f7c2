/*
 * rename - an account of a directory goes on under another address
 *
 * Its roster, blocklist, private XML, vCard and stored messages move there; what is there already stays, and what
 * cannot move goes as at an erasure.  Contacts of ours see the new address in place of the old one, with the same
 * subscriptions; remote ones are told that the old one is unsubscribed, and stay in the roster.  Who has blocked the old
 * address blocks the new one as well.
 */
#ifndef ROUTERD_RENAME_H
#define ROUTERD_RENAME_H

#include "bus/bus.h"
#include "bus/link.h"

bus_handler_fn on_account_renamed;

#endif
