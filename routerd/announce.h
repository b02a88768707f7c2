/*
 * announce - a word of an administrator's to all who are online: a headline, which waits for nobody
 */
#ifndef ROUTERD_ANNOUNCE_H
#define ROUTERD_ANNOUNCE_H

#include <stdbool.h>

#include "base/str.h"
#include "routerd/router.h"

enum { ANNOUNCEMENT_MAX = 16384 };

/* 1 to ANNOUNCEMENT_MAX bytes of characters that XML has. */
bool announcement_fits(struct str text);

/* To the available sessions of a domain of ours; how many there were. */
size_t announce(struct router *r, struct str domain, struct str text);

#endif
