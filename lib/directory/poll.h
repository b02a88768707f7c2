/*
 * poll - following a directory that cannot tell what changes: it is asked, again and again
 *
 * A round asks what has changed since the last one.  When poll_all is over it lists all entries instead, with the time
 * of their last change, and reads those that it has not seen as they are now: so what is gone is found, and what an
 * entry's server told too late.  The first round reads all.  Rounds may be of different connections.
 */
#ifndef DIRECTORY_POLL_H
#define DIRECTORY_POLL_H

#include "directory/sync.h"

struct dirpoll;

/* s, its texts and the handlers (there is no cookie) live as long. */
struct dirpoll *dirpoll_create(const struct dirsync *s, const struct dirsync_handlers *handlers, void *arg);
void dirpoll_free(struct dirpoll **p);

/* 0; or as dirconn_search_paged(): then the next round goes on. */
int dirpoll_round(struct dirpoll *p, struct dirconn *c, char *why);

#endif
