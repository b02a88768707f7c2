/*
 * mirror - the accounts of one directory, as it told us of them
 *
 * By entryUUID: who is renamed is the same one, under another address.  What changes is written to the store together
 * with the cookie that goes up to it, so that nothing is missed when we end in between.
 */
#ifndef DIRSYNCD_MIRROR_H
#define DIRSYNCD_MIRROR_H

#include "dirsyncd/dirsyncd.h"
#include "directory/directory.h"

/* Takes over the directory.  mirror_load(): it is read from the store; then its follower starts. */
struct mirror *mirror_create(struct dirsyncd *owner, struct directory *directory);
/* A domain whose accounts it holds. */
void mirror_add_domain(struct mirror *m, const char *domain);
void mirror_load(struct mirror *m);
/* Its follower ends; then it is freed, and done called. */
void mirror_stop(struct mirror **m, void (*done)(void *arg), void *arg);

#endif
