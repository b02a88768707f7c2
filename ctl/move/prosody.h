/*
 * prosody - its data directory (storage = "internal"), as versions 0.9 to 0.12 write it
 *
 * DIR/example%2eorg/accounts/user.dat, and roster, vcard, private, offline, blocklist beside accounts.
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

#endif
