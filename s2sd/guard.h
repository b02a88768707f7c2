/*
 * guard - limits on server streams: how many from an address, how long without a proof, how long without reading
 * what we write, how long with nothing to say
 */
#ifndef S2SD_GUARD_H
#define S2SD_GUARD_H

#include <stdbool.h>

#include "s2sd/peer.h"

/* One that has connected counts against its address; false: there are too many.  When s2sd.connections_before_auth have not
 * said who they are yet, the oldest of them makes room if it had a third of s2sd.auth_timeout. */
bool guard_admit(struct peer *p);
/* It is gone. */
void guard_release(struct peer *p);
/* How long the end of its stream may take: no time for one that was not let in, or had to make room. */
unsigned guard_linger_ms(const struct peer *p);
/* It has proved something: no deadline any more. */
void guard_proved(struct peer *p);

int guard_start(struct s2sd *srv);
void guard_stop(struct s2sd *srv, uv_close_cb done);

#endif
