/*
 * server_socket - a listening socket in the file system, with an owner and a mode
 */
#ifndef BH_SERVER_SOCKET_H
#define BH_SERVER_SOCKET_H

#include "base/buf.h"
#include "bus/server.h"

enum { SERVER_PATH_SIZE = 108 }; /* sun_path */

/* Makes and binds the socket of the owner's role, in place of a stale one; it is never open
 * wider than it ends up.  path gets its name.  On an error *what says path and reason. */
int server_socket_open(const char *run_dir, const struct bus_socket_owner *owner,
	char path[SERVER_PATH_SIZE], int *fd, struct buf *what);

#endif
