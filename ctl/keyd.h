/*
 * keyd - restarting the one daemon that has no link to routerd
 *
 * keyd takes signatures' questions on its own socket and no orders from anybody, so that whoever has taken over a front end
 * cannot give it any.  It is ended by a signal, which only root (or its own user) may send, and who runs it starts it
 * again; the kernel says who listens on the socket.
 */
#ifndef CTL_KEYD_H
#define CTL_KEYD_H

#include "ctl/ctl.h"

/* An enum exit_code; waits until another one listens. */
int keyd_restart(const struct ctl *ctl, unsigned seconds);

#endif
