/*
 * friends - makes accounts see each other's presence, as their clients would
 */
#ifndef BENCH_FRIENDS_H
#define BENCH_FRIENDS_H

#include "tests/bench/load.h"

/* Logs in all accounts of the load, available and with their rosters fetched, and subscribes
 * those that are friends to each other, both ways; who is already stays so.  Each account's
 * connection is afterwards at its number in conns (as many as accounts, NULL before).  The load's
 * mode and state are the caller's again.  0 or BH_EIO. */
int friends_make(struct load *load, struct conn **conns,
	bool (*are)(const struct options *o, unsigned a, unsigned b));

#endif
