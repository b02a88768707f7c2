/*
 * dirsyncd - follows the directories, and says what has changed there
 *
 * A thread per directory reads (follower.h); what it reads is held against a mirror of the accounts (mirror.h), which
 * is kept in a store with the cookie that it goes up to.  routerd hears of each account that may not be used any more.
 */
#ifndef DIRSYNCD_DIRSYNCD_H
#define DIRSYNCD_DIRSYNCD_H

#include "bus/client.h"
#include "daemon/daemon.h"
#include "dirsyncd/backlog.h"
#include "store/store.h"

struct mirror;
struct sharing;

struct dirsyncd {
	struct daemon *daemon;
	struct store *store;
	struct backlog backlog;
	struct bus_client *bus;
	struct mirror **mirrors; /* one for each directory */
	struct sharing **sharings; /* one for each of them */
	size_t nmirrors;
	size_t live; /* of both, those included that only have to end */
	uint64_t link_number; /* how many links to routerd there have been */
	bool stopping;
};

int dirsyncd_open(struct daemon *d);
int dirsyncd_start(struct daemon *d);
int dirsyncd_reload(struct daemon *d, const struct conf *old);
void dirsyncd_stop(struct daemon *d);

/* The one that holds the accounts of that domain, or NULL. */
struct mirror *dirsyncd_mirror_of(const struct dirsyncd *s, struct str domain);

/* An account may not be used any more, since that time: its sessions end. */
void dirsyncd_revoke(struct dirsyncd *d, struct str account, uint64_t when_us);

#endif
