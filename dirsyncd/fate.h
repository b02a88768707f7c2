/*
 * fate - what becomes of accounts: who loses or gets an address, and what routerd is told of it
 *
 * To vanish is to lose the use of an address: to be removed, disabled or renamed.  Who vanishes loses his sessions, and
 * his data are kept for a while (departed.h); with a new name they go there.  A name that another entry gets is erased
 * first: nobody inherits anything.  What vanishes within a refresh is collected, and goes at its end; too much of it, or
 * of anything within a minute, is held (brake.h).
 */
#ifndef DIRSYNCD_FATE_H
#define DIRSYNCD_FATE_H

#include "dirsyncd/mirror_private.h"

/* The directory says: it is new, as it stands in m->knowns; it is so; it is gone. */
void fate_new(struct mirror *m, struct known *k);
void fate_is(struct mirror *m, struct known *k, const char *local, bool locked);
void fate_gone(struct mirror *m, struct known *k);

/* A refresh begins: what an unfinished one has collected is told again.  It ends: what it has collected goes, or is held. */
void fate_begin(struct mirror *m);
void fate_refreshed(struct mirror *m);

/* Those that are held go.  How many there were. */
size_t fate_accept(struct mirror *m);
/* Whose data have been kept long enough. */
void fate_tick(struct mirror *m);
/* It was said in the log of an earlier run. */
void fate_say_held(const struct mirror *m);

const char *fate_name(enum going going);

#endif
