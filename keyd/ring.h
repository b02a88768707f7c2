/*
 * ring - the keys of one reading of the files
 *
 * A reload makes a new ring, which has all keys or is not made; the one before stays for those who use it, and a
 * while longer (KEY_GRACE_MS), so that handshakes of before end.
 */
#ifndef KEYD_RING_H
#define KEYD_RING_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "conf/conf.h"
#include "key/frame.h"
#include "net/tls_key.h"

struct ring {
	struct list link; /* in the daemon's list, newest first */
	uint64_t generation;
	unsigned users;	    /* front ends */
	uint64_t unused_ms; /* clock_ms() when the last one left */
	struct map by_id;   /* struct ring_key */
	struct buf ids[KEY_ROLES]; /* of those that a role may use, one behind the other */
};

struct ring_key {
	struct map_node node; /* key: its id */
	struct tls_key *key;
	bool serves[KEY_ROLES];
};

/* The keys of all domains.  0, or negative with a sentence in what. */
int ring_load(const struct conf *conf, uint64_t generation, struct ring **out, char *what, size_t size);
/* Its keys are wiped. */
void ring_free(struct ring **ring);

/* NULL where the ring has no such key for that role. */
const struct tls_key *ring_find(const struct ring *ring, enum key_role role, const uint8_t id[TLS_KEY_ID_SIZE]);
/* Both have the same keys for the same roles. */
bool ring_equal(const struct ring *a, const struct ring *b);

#endif
