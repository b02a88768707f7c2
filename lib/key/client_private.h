/*
 * client_private - what the two halves of the client share: client.c, the connection and the questions; stores.c, which
 * certificates keyd has the keys of
 */
#ifndef BH_KEY_CLIENT_PRIVATE_H
#define BH_KEY_CLIENT_PRIVATE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/list.h"
#include "bus/client_socket.h"
#include "key/client.h"

/* Bytes of a list of keys: far more domains than a server has. */
enum { KEY_LIST_MAX = 4 * 1024 * 1024 };

struct key_connection {
	struct key_client *client;
	uv_poll_t poll;
	int events; /* that it polls for */
	int fd;
};

struct key_client {
	struct tls_signer signer;
	enum key_role role;
	void (*on_event)(void *owner, enum key_event event, const char *text);
	void *owner;
	uv_loop_t *loop; /* NULL before the start */
	struct sockaddr_un address;
	struct key_connection *connection; /* NULL while there is none */
	bool connected; /* HELLO is sent */
	bool up;	/* and answered */
	bool told_down; /* since it was last up */
	uint64_t up_since;
	struct backoff backoff;
	uv_timer_t retry, patience;
	struct list unsent, sent; /* struct tls_signing, by their numbers */
	uint64_t next_number;
	struct key_client_counts counts;
	struct buf coming; /* the beginning of a list */
	uint64_t coming_generation;
	struct buf ids; /* keyd's keys, sorted */
	uint64_t generation;
	bool uses_due; /* to be told that that list is in use */
	struct tls_store *used, *offered;
	void (*done)(void *);
	void *done_arg;
	uint8_t frame[KEY_FRAME_MAX];
};

/* Sends what can be sent. */
void key_client_flush(struct key_client *c);
/* The list that was coming is complete. */
void key_client_listed(struct key_client *c);

#endif
