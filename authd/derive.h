/*
 * derive - from a password to SCRAM keys, on the threads of libuv's pool
 *
 * A derivation takes milliseconds of CPU, so it never runs on the loop.  Orders wait here and
 * not in the pool: people who log in go before administrators who import a thousand accounts, and
 * those who have logged in from there before go before strangers, who may be many and guess;
 * and an order of a conversation that ended meanwhile costs nothing.
 */
#ifndef AUTHD_DERIVE_H
#define AUTHD_DERIVE_H

#include <uv.h>

#include "authd/keys.h"
#include "base/str.h"

struct derive;
struct derive_job;

enum derive_class { DERIVE_KNOWN, DERIVE_LOGIN, DERIVE_CHANGE, DERIVE_CLASSES };

/* How many logins may wait, of each of the two classes; more are refused with BH_EBUSY. */
enum { DERIVE_LOGINS_MAX = 1024 };

struct derive_order {
	enum derive_class class;
	struct str password; /* without NUL; copied, and the copy is wiped */
	unsigned hashes;     /* set of 1 << enum scram_hash */
	const struct account_keys *from; /* their salts and iterations */
	/* On the loop: 0, BH_EINVAL when SASLprep (RFC 4013) refuses the password, or
	 * BH_ECRYPTO.  keys is borrowed and wiped after the call. */
	void (*done)(void *arg, int rc, const struct account_keys *keys);
	void *arg;
};

struct derive *derive_create(uv_loop_t *loop);

/* 0, BH_EINVAL (a NUL in the password), BH_EBUSY or BH_ENOMEM.  *job is for derive_cancel() and
 * gone when done is called. */
int derive_submit(struct derive *d, const struct derive_order *order, struct derive_job **job);

/* done will not be called.  *job becomes NULL; NULL inside is fine. */
void derive_cancel(struct derive_job **job);

/* Drops what waits without calling done; done_all is called when no thread works any more,
 * which may be at once.  *d becomes NULL. */
void derive_stop(struct derive **d, void (*done_all)(void *), void *arg);

#endif
