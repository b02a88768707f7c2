/*
 * tls_handshake - the first part of a TLS session's life; lib/net only
 *
 * GnuTLS asks for the signature in the middle of gnutls_handshake(), and cannot be told to come again (returning
 * GNUTLS_E_AGAIN there loses the message that was to be signed).  So the calls that may come to that point run on a stack of their own
 * (coroutine.h), which is kept over turns of the loop only while the signer has the question.  When all stacks are
 * taken a handshake waits for one.  And a few only are begun in a turn of the loop, so that a crowd that wants to begin does
 * not hold up those who talk.  In all cases the owner is woken by io->wake, and then calls the step again.
 */
#ifndef BH_TLS_HANDSHAKE_H
#define BH_TLS_HANDSHAKE_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/coroutine.h"
#include "base/list.h"
#include "net/tls_session.h"
#include "net/tls_signer.h"

struct tls_handshake {
	gnutls_session_t tls;
	struct tls_io *io;
	void *owner;
	struct list waiting; /* in io->waiting, for a stack */
	bool called;		 /* one is free for it */
	struct coroutine *stack; /* while the signer is asked */
	struct buf said;	 /* written before: it goes out with what follows */
	struct tls_signer *signer;
	struct tls_signing signing;
	gnutls_datum_t signature;
	int verdict; /* the signer's */
	bool asking; /* the signer has not answered yet */
	bool asked;  /* it has been asked: nothing is left that needs a stack */
	int result;  /* GnuTLS's */
	uint8_t barren;
};

/* How many handshakes may wait for signatures at a time, in a process. */
enum { TLS_STACKS = 1024 };

/* Once in each turn of the loop: the next few of those that wait may go on. */
void tls_handshake_turn(struct tls_io *io);
/* Does one wait for that alone? */
bool tls_handshake_due(const struct tls_io *io);

struct tls_handshake *tls_handshake_create(gnutls_session_t tls, struct tls_io *io, void *owner);
/* One that waits ends first, with an error, and without a word to the peer. */
void tls_handshake_free(struct tls_handshake **handshake);

/* 0 when complete; BH_EAGAIN for more input, or as long as it waits; BH_EPROTO when it has failed, by `result`. */
int tls_handshake_step(struct tls_handshake *hs);
/* It waits for the signer or for a stack: no input helps it on. */
bool tls_handshake_waits(const struct tls_handshake *hs);
/* It is over.  The same as freeing it, but for the memory. */
void tls_handshake_cancel(struct tls_handshake *hs);

/* An event without data: may the peer go on?  barren counts those in a row. */
bool tls_bear(uint8_t *barren, int event);

/* A key of GnuTLS for a certificate, whose signatures the signer makes.  id and signer must outlive it.  0 or an error
 * of GnuTLS. */
struct tls_asked_key {
	struct tls_signer *signer;
	struct tls_key_id id;
	gnutls_pk_algorithm_t algorithm;
	unsigned bits;
	gnutls_privkey_t key;
};
int tls_asked_key_init(struct tls_asked_key *k, struct tls_signer *signer, gnutls_pubkey_t public_half);
void tls_asked_key_fini(struct tls_asked_key *k);

#endif
