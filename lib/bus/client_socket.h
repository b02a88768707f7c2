/*
 * client_socket - connecting to a socket of server_socket.h, again and again
 */
#ifndef BH_CLIENT_SOCKET_H
#define BH_CLIENT_SOCKET_H

#include <stdint.h>
#include <sys/un.h>

/* A connect() to a UNIX-domain socket is over at once, one way or the other.  The descriptor, which does not block, or
 * -errno.  type: SOCK_STREAM or SOCK_SEQPACKET. */
int client_socket_connect(const struct sockaddr_un *address, int type);

/* When to try again: after 5 ms, doubling up to 1 s, with up to 25 % of jitter.  All zeros at first. */
struct backoff {
	unsigned ms; /* the next wait; 0: the first */
};

/* How long to wait now, in ms. */
uint64_t backoff_next(struct backoff *b);
/* A connection is lost that was up for so long: after a quarter of a second or more it begins anew. */
void backoff_lived(struct backoff *b, uint64_t ms);

#endif
