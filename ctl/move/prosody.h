/*
 * prosody - its data directory (storage = "internal"), as versions 0.9 to 0.12 write it
 *
 * DIR/example%2eorg/accounts/user.dat, and roster, vcard, private, offline, blocklist, pep beside accounts; the items of a
 * PEP node in pep_urn%3axmpp%3avcard4/user.list.
 */
#ifndef CTL_MOVE_PROSODY_H
#define CTL_MOVE_PROSODY_H

#include <stdbool.h>

#include "ctl/move/lua_data.h"
#include "ctl/move/moved.h"

/* Is that its data directory? */
bool prosody_is(const char *path);

/* An enum exit_code, after the complaint. */
int prosody_read(const char *path, const struct moved_taker *taker);

/* What one of its stores has of the account: "accounts", "roster" ... */
void prosody_take(struct moved *m, const char *store, const struct lua_value *values);

/* The PEP nodes that a vCard is made of, where mod_vcard has left none (mod_vcard_legacy). */
enum { PROSODY_VCARD4, PROSODY_NICK, PROSODY_AVATAR, PROSODY_AVATAR_DATA, PROSODY_NODES };
extern const struct prosody_node {
	const char *name, *folder;
} prosody_nodes[PROSODY_NODES];

struct prosody_pep {
	const struct lua_value *items[PROSODY_NODES]; /* or NULL */
};
void prosody_take_pep(struct moved *m, const struct prosody_pep *pep);

/* A stanza as text; nothing where the table is none. */
void prosody_stanza(struct buf *out, const struct lua_value *stanza);

#endif
