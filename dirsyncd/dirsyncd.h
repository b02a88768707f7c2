/*
 * dirsyncd - follows the directories, and says what has changed there
 *
 * A thread per directory reads (follower.h); what it reads is held against a mirror of the accounts (mirror.h), which
 * is kept in a store with the cookie that it goes up to.  routerd hears of each account that may not be used any more, or
 * has another name (fate.h).
 */
#ifndef DIRSYNCD_DIRSYNCD_H
#define DIRSYNCD_DIRSYNCD_H

#include "bus/client.h"
#include "daemon/daemon.h"
#include "store/store.h"

struct mirror;

struct dirsyncd {
	struct daemon *daemon;
	struct store *store;
	struct bus_client *bus;
	struct mirror **mirrors; /* one for each directory that a domain names */
	size_t nmirrors;
	size_t live; /* mirrors, those included that only have to end */
	bool stopping;
	uv_timer_t tick;
};

int dirsyncd_open(struct daemon *d);
int dirsyncd_start(struct daemon *d);
int dirsyncd_reload(struct daemon *d, const struct conf *old);
void dirsyncd_stop(struct daemon *d);

#endif
