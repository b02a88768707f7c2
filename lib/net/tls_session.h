/*
 * tls_session - one side of one TLS connection, over memory; lib/net only
 *
 * Ciphertext comes from and goes to a struct tls_io that all sessions of a hub share: the
 * caller sets what is to be read and empties what was written, around each call.  Only
 * whole records are handed in (tls_whole_records), so a session never keeps a part of one.
 */
#ifndef BH_TLS_SESSION_H
#define BH_TLS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/str.h"
#include "net/certificate.h"
#include "net/dane.h"
#include "net/tls.h"

enum {
	TLS_RECORD_HEADER = 5,
	TLS_PLAIN_MAX = 16384,
	/* TLS 1.2 allows 2048 bytes of overhead. */
	TLS_RECORD_MAX = TLS_RECORD_HEADER + TLS_PLAIN_MAX + 2048,
};

struct tls_io {
	const uint8_t *in, *end;
	struct buf out;
	/* For handshakes (tls_handshake.h): the stacks, those who wait for one, and who is to be told that his handshake
	 * can go on. */
	struct coroutine_pool *stacks;
	struct list waiting;
	unsigned begun; /* handshakes, or their next steps, in this turn of the loop */
	void (*wake)(void *owner);
};

/* Where a session is: whose input and output it uses, and who is woken for it. */
struct tls_place {
	struct tls_io *io;
	void *owner;
};

struct coroutine_pool;
struct tls_session;

/* place->io must outlive the session; alpn must, too.  0, BH_ENOMEM or BH_ECRYPTO. */
int tls_session_open(struct tls_store *store, const char *alpn, const struct tls_place *place,
	struct tls_session **out);
/* The client side; it speaks first, with the first tls_session_handshake(). */
int tls_session_connect(struct tls_store *store, const struct tls_wish *wish,
	const struct tls_place *place, struct tls_session **out);
bool tls_session_is_client(const struct tls_session *t);
void tls_session_free(struct tls_session **session);

/* The length of the whole records at the start of p, or BH_EPROTO where no record can begin. */
ssize_t tls_whole_records(const uint8_t *p, size_t n);

/* 0 when complete, BH_EAGAIN for more input or as long as it waits for something else, else it failed
 * (tls_session_why). */
int tls_session_handshake(struct tls_session *t);
/* The handshake waits for a signature, or for a stack: io->wake comes when it can go on. */
bool tls_session_waits(const struct tls_session *t);
/* Its handshake, if it is under way, comes to nothing: the signer is not asked any more. */
void tls_session_cancel(struct tls_session *t);
/* > 0 bytes of one or more records; BH_EAGAIN; BH_ECLOSED after the peer's goodbye; else it
 * failed.  size is at least TLS_PLAIN_MAX. */
ssize_t tls_session_read(struct tls_session *t, uint8_t *out, size_t size);
/* Encrypts all n bytes. */
int tls_session_write(struct tls_session *t, const uint8_t *p, size_t n);
/* One ticket for TLS 1.3, where the client takes tickets. */
void tls_session_send_ticket(struct tls_session *t);
/* Says goodbye; nothing after a failure. */
void tls_session_bye(struct tls_session *t);

/* "TLS: no shared cipher", after a failure. */
void tls_session_why(const struct tls_session *t, char *out, size_t size);

const char *tls_session_description(const struct tls_session *t);
bool tls_session_exporter(const struct tls_session *t, uint8_t out[32]);
struct str tls_session_sni(const struct tls_session *t);
const struct certificate *tls_session_certificate(const struct tls_session *t);
void tls_session_describe_peer(const struct tls_session *t, char *out, size_t size);
int tls_session_check_peer(const struct tls_session *t, struct str domain, char *why, size_t size);
int tls_session_check_dane(
	const struct tls_session *t, const struct dane *dane, struct str domain, char *why, size_t size);

#endif
