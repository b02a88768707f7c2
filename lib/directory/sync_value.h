/*
 * sync_value - what a directory says while it synchronises (RFC 4533), read from its BER
 *
 * The bytes come from the network.  A value is understood as a whole, or it is none.
 */
#ifndef DIRECTORY_SYNC_VALUE_H
#define DIRECTORY_SYNC_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "directory/uuid.h"

struct berelement; /* of liblber */

/* Sync State Control (2.2): what became of the entry that it comes with. */
enum sync_change { SYNC_PRESENT, SYNC_ADD, SYNC_MODIFY, SYNC_DELETE };

struct sync_state {
	enum sync_change change;
	uint8_t uuid[UUID_SIZE];
	struct str cookie; /* absent without; borrowed from ber */
	struct berelement *ber;
};

bool sync_state_read(struct str value, struct sync_state *out);
void sync_state_fini(struct sync_state *s);

/* Sync Info Message (2.5). */
enum sync_info_kind { SYNC_NEW_COOKIE, SYNC_REFRESH_DELETE, SYNC_REFRESH_PRESENT, SYNC_ID_SET };

struct sync_info {
	enum sync_info_kind kind;
	struct str cookie; /* absent without; borrowed from ber */
	bool refresh_done; /* of the two kinds of refresh */
	bool deletes;	   /* of a set: its entries are gone; else they are there as before */
	struct buf uuids;  /* of a set: UUID_SIZE bytes each */
	struct berelement *ber;
};

/* BH_EPROTO: it is none; BH_ENOTFOUND: it may be one that we do not know. */
int sync_info_read(struct str value, struct sync_info *out);
void sync_info_fini(struct sync_info *i);

#endif
