/*
 * listen - the socket where metrics can be read
 */
#ifndef METRICSD_LISTEN_H
#define METRICSD_LISTEN_H

#include <stddef.h>

/* A listening descriptor for a port of this machine ("127.0.0.1:9287", "[::1]:9287") or a path; whoever may be on the
 * machine may read there.  Negative after a sentence in `what`: also for an address that others can reach, since nothing
 * here asks who somebody is.  A path stays when the process ends: the next one takes its place. */
int listen_open(const char *where, char *what, size_t what_size);
#endif
