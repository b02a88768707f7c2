/*
 * blocklist - the addresses that an account blocks (XEP-0191)
 *
 * An entry is a full JID, a bare JID, a domain, or a domain with a resource; an address is
 * blocked when any entry matches it (3.1 of RFC 3921's privacy order, as XEP-0191 "JID Matching").
 */
#ifndef ROUTERD_BLOCKLIST_H
#define ROUTERD_BLOCKLIST_H

#include <stdbool.h>

#include "base/map.h"
#include "base/str.h"
#include "store/store.h"
#include "xmpp/jid.h"

struct blocklist {
	struct map entries; /* struct blocked (blocklist.c) by address */
	struct str owner;   /* the account, which it never blocks; the account's text */
};

bool blocklist_blocks(const struct blocklist *b, const struct jid *jid);
bool blocklist_has(const struct blocklist *b, struct str address);
/* 0, BH_EEXIST or BH_ENOMEM. */
int blocklist_add(struct blocklist *b, struct str address);
/* BH_ENOTFOUND where it was not there. */
int blocklist_remove(struct blocklist *b, struct str address);
void blocklist_clear(struct blocklist *b);

/* Calls each(arg, address) for all. */
void blocklist_each(const struct blocklist *b, void (*each)(void *arg, struct str address), void *arg);

/* A row of the account's load. */
void blocklist_load(struct blocklist *b, const struct store_rows *row);

#endif
