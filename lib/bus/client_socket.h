/*
 * client_socket - the way of a daemon to the UNIX-domain socket of a server (server_socket.h), which may not be there yet
 *
 * It is called again until there is a connection, and after that is lost: at first within 5 ms, then after twice the time
 * and so on up to 1 s, and up to a quarter more, so that not all come at once.  A connection that was up for 250 ms was a
 * success: then it begins with the first wait again.
 *
 * It stands in memory of its owner, which is freed from when client_socket_stop() has called back.
 */
#ifndef BH_BUS_CLIENT_SOCKET_H
#define BH_BUS_CLIENT_SOCKET_H

#include <stdbool.h>
#include <sys/un.h>
#include <uv.h>

struct client_socket;

struct client_socket_spec {
	int type; /* SOCK_STREAM, SOCK_SEQPACKET */
	/* There is a connection, which is the owner's now.  Negative: that is of no use, it is called again. */
	int (*connected)(struct client_socket *s, int fd);
	/* There is none, and it has been seen to that it is called again; the owner may stop it from within. */
	void (*failed)(struct client_socket *s, const char *why);
};

struct client_socket {
	struct client_socket_spec spec;
	struct sockaddr_un address;
	uv_timer_t timer;
	unsigned wait_ms; /* the next time */
	bool up;
	uint64_t up_since; /* uv_now() */
	void (*stopped)(struct client_socket *s);
};

/* It is called in the next turn of the loop.  BH_ETOOBIG: the path is too long; nothing is to be stopped then. */
int client_socket_start(struct client_socket *s, const struct client_socket_spec *spec, uv_loop_t *loop, const char *run_dir,
	const char *name);
/* The server has answered as it should. */
void client_socket_up(struct client_socket *s);
/* The connection is lost, and called again. */
void client_socket_lost(struct client_socket *s);
/* The owner closes the connection himself. */
void client_socket_stop(struct client_socket *s, void (*stopped)(struct client_socket *s));

#endif
