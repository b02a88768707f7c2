/*
 * server_socket - a listening socket in the file system, with an owner and a mode
 */
#ifndef BH_SERVER_SOCKET_H
#define BH_SERVER_SOCKET_H

#include <sys/types.h>

#include "base/buf.h"

enum { SERVER_PATH_SIZE = 108 }; /* sun_path */

struct server_socket {
	const char *name;   /* of the file */
	const char *server; /* "routerd": who listens there */
	int type;	    /* SOCK_STREAM or SOCK_SEQPACKET */
	uid_t uid;	    /* (uid_t)-1, as below (gid_t)-1: as it is */
	gid_t gid;
	mode_t mode;
};

/* Makes and binds it, in place of a stale one; it is never open wider than it ends up.  path gets its name.  On an
 * error *what says path and reason. */
int server_socket_open(const char *run_dir, const struct server_socket *spec,
	char path[SERVER_PATH_SIZE], int *fd, struct buf *what);

#endif
