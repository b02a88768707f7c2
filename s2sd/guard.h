/*
 * guard - limits on server streams: how many from an address, how long without a proof, how long without reading
 * what we write, how long with nothing to say
 */
#ifndef S2SD_GUARD_H
#define S2SD_GUARD_H

#include <stdbool.h>

#include "s2sd/peer.h"

/* One that has connected counts against its address; false: there are too many. */
bool guard_admit(struct peer *p);
/* It is gone. */
void guard_release(struct peer *p);
/* It has proved something: no deadline any more. */
void guard_proved(struct peer *p);

int guard_start(struct s2sd *srv);
void guard_stop(struct s2sd *srv, uv_close_cb done);
void guard_free(struct s2sd *srv);

#endif
