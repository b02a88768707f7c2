/*
 * keyd - what all of keyd shares, and the daemon's life
 *
 * It has the private keys of all domains, and signs with them for front ends, which ask on key.sock (lib/key/frame.h).  It
 * has no network and no data, and of routerd it takes nothing but the steps of a reload (lib/daemon/reload.h); of files it reads the configuration, certificates and keys: at its
 * start, at a reload, and when it is asked for a key that it does not have (the certificate may have been renewed, and
 * only the front end been started since), then at most every REREAD_MS.
 */
#ifndef KEYD_KEYD_H
#define KEYD_KEYD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "base/list.h"
#include "daemon/daemon.h"
#include "key/frame.h"
#include "keyd/memory.h"
#include "keyd/ring.h"

enum { FRONTS_MAX = 256, REREAD_MS = 10 * 1000 };

struct keyd {
	struct daemon *daemon;
	int fd; /* key.sock */
	uv_poll_t listener;
	uv_timer_t minute; /* counts are logged, old rings freed */
	uv_timer_t reread;
	uv_timer_t share; /* somebody has used up his, until then */
	uint64_t reread_ms; /* when keys were last read without being told to; 0: never */
	struct bus_client *bus;
	unsigned handles; /* not yet closed */
	uid_t uids[KEY_ROLES]; /* who may ask for what; all the same where we are not root */
	unsigned rate;
	struct memory memory;
	struct list rings; /* newest first; never empty */
	struct list fronts;
	unsigned nfronts;
	uint8_t frame[KEY_FRAME_MAX];
};

int keyd_open(struct daemon *d);
int keyd_start(struct daemon *d);
int keyd_prepare(struct daemon *d, void **prepared);
void keyd_adopt(struct daemon *d, void *prepared);
void keyd_discard(struct daemon *d, void *prepared);
bool keyd_ask_reload(struct daemon *d);
void keyd_stop(struct daemon *d);

/* The newest keys; and a key of those, or of the ones before that are still used. */
struct ring *keyd_ring(const struct keyd *keyd);
const struct tls_key *keyd_find_key(const struct keyd *keyd, enum key_role role, const uint8_t *id);
/* Somebody uses a ring; he does not any more, and *ring is NULL. */
struct ring *keyd_ring_enter(struct ring *ring);
void keyd_ring_leave(struct ring **ring);

/* A key that no ring has was asked for. */
void keyd_lacks_key(struct keyd *keyd);
/* fronts_continue() comes after so long, or earlier. */
void keyd_wait_for_share(struct keyd *keyd, unsigned ms);
/* A handle that is counted has closed. */
void keyd_handle_closed(struct keyd *keyd);

#endif
