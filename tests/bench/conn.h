/*
 * conn - one client connection: TCP, then TLS, then a bound session
 */
#ifndef BENCH_CONN_H
#define BENCH_CONN_H

#include "base/buf.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

struct load;
struct login;
struct target;

struct conn {
	struct load *load;
	SSL *tls;	     /* NULL before STARTTLS */
	struct login *login; /* NULL once bound */
	char *jid;	     /* full JID, once bound */
	struct buf in, out;
	size_t out_done;
	struct conn *next_dirty, *next_dead;
	uint64_t since;  /* when it was begun */
	unsigned number; /* of the connection, and which account it logs in as */
	unsigned account;
	int fd;
	uint32_t events;
	bool connected, handshaking, closing, dirty, dead;
};

/* Begins connection number n of the load.  NULL, with a line on standard error, if the system
 * refuses. */
struct conn *conn_open(struct load *load, unsigned number);

/* Whose it is; of each two connections one is the other server's, where there is one, the first or the second by turns. */
const struct target *conn_target(const struct load *load, unsigned number);

/* Where to put what is to be sent; it leaves at the end of the turn. */
struct buf *conn_out(struct conn *c);

/* Begins the TLS handshake; when it is done the login goes on. */
void conn_start_tls(struct conn *c);

/* Ends it with a reason (NULL: as intended); freed at the end of the turn. */
void conn_kill(struct conn *c, const char *why);

/* Says goodbye and waits for the server's close. */
void conn_close(struct conn *c);

/* The loop's side: an event of epoll, sending, freeing. */
void conn_event(struct conn *c, uint32_t events);
void conn_flush(struct conn *c);
void conn_free(struct conn **c);

#endif
