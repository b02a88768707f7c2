/*
 * load - the loop, and what all connections of a run share
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "tests/bench/conn.h"
#include "tests/bench/options.h"
#include "tests/bench/scram.h"

#include <openssl/ssl.h>
#include <stdint.h>

enum { LOAD_SCRATCH = 1024 * 1024 };

/* What a mode does at the events of its connections. */
struct mode {
	/* The session is bound and has sent its presence, unless the mode is silent. */
	void (*bound)(struct conn *c);
	/* Bytes of a bound session; says how many are used up.  The rest comes again with more. */
	size_t (*data)(struct conn *c, const char *data, size_t len);
	/* It is over; why is NULL when we closed it.  The connection is freed after this. */
	void (*gone)(struct conn *c, const char *why);
	/* All of a turn's events have been seen; what is sent now goes out in one write.  May be
	 * NULL. */
	void (*turn)(struct load *load);
	/* Which account connection n logs in as; NULL: n modulo the options' accounts. */
	unsigned (*account)(struct load *load, unsigned number);
	bool silent; /* sends its presence itself */
	/* One that does not log in: it is connected; its TLS handshake is done.  NULL: it logs in. */
	void (*connected)(struct conn *c);
	void (*secured)(struct conn *c);
};

struct load {
	const struct options *o;
	const struct mode *mode;
	void *state; /* the mode's own */
	SSL_CTX *tls;
	struct scram_keys *keys; /* one for each account */
	struct scram_keys latest;
	struct conn *dirty; /* have something to write */
	struct conn *dead;  /* are freed at the end of the turn */
	unsigned next, end; /* connections not yet begun */
	unsigned inflight, bound, failed;
	unsigned lost; /* bound sessions that ended, see load_lost() */
	int epoll;
	char scratch[LOAD_SCRATCH];
};

struct load *load_new(const struct options *o, const struct mode *mode, void *state);

/* Begins connections up to number end, never more than the options' inflight at a time. */
void load_open_until(struct load *load, unsigned end);

/* Waits for events until the time (clock_ns) at the latest, and handles them. */
void load_turn(struct load *load, uint64_t until_ns);

/* Turns until the number of bound sessions and of failures is the number begun.  0 or
 * BH_EIO when one failed or 120 s went by without progress. */
int load_wait_bound(struct load *load);

/* Turns for so many nanoseconds, or until a session is lost. */
void load_run_for(struct load *load, uint64_t ns);

/* Turns until *progress is the goal.  0, or BH_EIO when a session was lost, a login failed or
 * 60 s went by without progress. */
int load_run_to(struct load *load, const uint64_t *progress, uint64_t goal);

/* A mode's gone() for sessions that are to stay: says and counts those that we did not close. */
void load_lost(struct conn *c, const char *why);

#endif
