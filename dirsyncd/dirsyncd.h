/*
 * dirsyncd - follows the directories, and says what has changed there
 *
 * A thread per directory reads (follower.h); what it reads is held against a mirror of the accounts (mirror.h), which
 * is kept in a store with the cookie that it goes up to.  routerd hears of each account that may not be used any more, or
 * has another name (fate.h).
 */
#ifndef DIRSYNCD_DIRSYNCD_H
#define DIRSYNCD_DIRSYNCD_H

#include <stdatomic.h>

#include "bus/client.h"
#include "daemon/counter.h"
#include "daemon/daemon.h"
#include "dirsyncd/backlog.h"
#include "store/store.h"

struct answer;
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
	size_t live; /* reasons not to end yet: of both, those included that only have to end; jobs, the timer */
	atomic_bool stopping; /* threads look at it, too */
	uint64_t link_number; /* of the present link to routerd */
	unsigned comparisons; /* of diff.c */
	uv_timer_t tick;
	struct counter_source directories; /* of monitor.h */
};

int dirsyncd_open(struct daemon *d);
int dirsyncd_start(struct daemon *d);
int dirsyncd_reload(struct daemon *d, const struct conf *old);
void dirsyncd_stop(struct daemon *d);

void dirsyncd_hold(struct dirsyncd *d);
void dirsyncd_release(struct dirsyncd *d);

/* The mirror of that directory; of that domain's; the one after that directory's, or the first. NULL: there is none. */
struct mirror *dirsyncd_mirror(const struct dirsyncd *d, struct str directory);
struct mirror *dirsyncd_mirror_of(const struct dirsyncd *d, struct str domain);
struct mirror *dirsyncd_mirror_after(const struct dirsyncd *d, const char *directory);
/* What is told of the groups of its directory. */
struct sharing *dirsyncd_sharing(const struct dirsyncd *d, const struct mirror *m);

#endif
