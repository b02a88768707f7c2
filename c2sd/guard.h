/*
 * guard - limits on connections: how many from an address, how many and how long without logging in, how
 * long without reading what we write
 */
#ifndef C2SD_GUARD_H
#define C2SD_GUARD_H

#include <stdbool.h>

#include "c2sd/c2sd.h"
#include "c2sd/client.h"

/* A new connection: its deadline begins, and it counts against its address.  One that comes from
 * a load balancer counts later, by guard_admit_proxied(), when its first byte arrives: its
 * address is known then.  false: there are too many, it must go; the second has ended it.
 * When c2sd.connections_before_auth have not logged in yet, the one that has waited longest makes room if it has had a
 * third of c2sd.auth_timeout. */
bool guard_admit(struct client *c);
bool guard_admit_proxied(struct client *c);
/* It is gone. */
void guard_release(struct client *c);

/* How long the end of its stream may take: no time for one that was not let in, or had to make room. */
unsigned guard_linger_ms(const struct client *c);

/* It has logged in: no deadline any more. */
void guard_authenticated(struct client *c);

/* Its socket does not take what we write, or does again. */
void guard_write_waits(struct client *c);
void guard_write_moves(struct client *c);

int guard_start(struct c2sd *srv);
void guard_stop(struct c2sd *srv, uv_close_cb done);

/* Must this address begin with a PROXY header? */
bool guard_is_proxy(const struct c2sd *srv, const struct address *a);

#endif
