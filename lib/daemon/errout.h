/*
 * errout - standard error, to which a line is written whole and at once, or not at all
 *
 * Whoever reads it may stop (a terminal after Ctrl-S, a pager, a journald that hangs): nothing here waits for him.  Several
 * processes write there, and what they share is left blocking, as the others want it: a pipe or a terminal is opened once
 * more for ourselves.  Where that may not be done, it is asked before each line whether there is room.  A file takes
 * everything.
 */
#ifndef BH_DAEMON_ERROUT_H
#define BH_DAEMON_ERROUT_H

#include <stddef.h>

/* Looks at what it is now.  Before the process is confined. */
void errout_open(void);
/* line ends with its line end; size is at most PIPE_BUF.  0, or -errno where it was not taken as a whole: -EAGAIN for want
 * of room.  Of what a terminal took in part, the rest is not written later. */
int errout_put(const char *line, size_t size);

#endif
