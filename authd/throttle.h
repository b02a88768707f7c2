/*
 * throttle - guessing costs time, and then stops
 *
 * Counts wrong guesses per account and per address (an IPv6 address counts as its /64) in a
 * window of time.  The memory is fixed: a set-associative table under a keyed hash, in which
 * the smallest and oldest counts make room, so that a flood of new names does not push out the
 * account that is being attacked.  Accounts that do not exist are counted alike.
 *
 * Up to the limit nothing happens; beyond it refusals are held back, for longer each time; at
 * twice the limit nothing is checked any more until the window is over: but one guess each, and as many as the limit in
 * all, from addresses that have not failed at the account yet, so that who guesses from a few addresses does not shut
 * out its owner at another.
 *
 * A guess is charged before it is checked and given back when it was right, so that a thousand
 * parallel guesses count a thousand.  Who has logged in to an account from an address before is
 * not shut out by strangers who guess at it elsewhere.
 */
#ifndef AUTHD_THROTTLE_H
#define AUTHD_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { THROTTLE_DELAY_MAX = 10000 };

struct throttle;

struct throttle_limits {
	uint32_t per_account, per_address;
	uint64_t window_ms;
};

/* account is a bare JID; address as in AUTH_BEGIN, with or without a port, may be absent. */
struct throttle_who {
	struct str account, address;
};

struct throttle *throttle_create(const struct throttle_limits *limits);
void throttle_free(struct throttle **t);
void throttle_set_limits(struct throttle *t, const struct throttle_limits *limits);

/* May another guess be checked?  now_ms is clock_ms(). */
bool throttle_allows(const struct throttle *t, const struct throttle_who *who, uint64_t now_ms);

/* Was the account logged in to from this address, within a week? */
bool throttle_knows(const struct throttle *t, const struct throttle_who *who, uint64_t now_ms);

/* Counts a guess.  Returns for how many milliseconds a refusal is to be held back. */
uint32_t throttle_charge(struct throttle *t, const struct throttle_who *who, uint64_t now_ms);

/* The guess was right: takes it back, and remembers the account at that address. */
void throttle_refund(struct throttle *t, const struct throttle_who *who, uint64_t now_ms);

#endif
