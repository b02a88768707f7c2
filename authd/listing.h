/*
 * listing - long answers, a page a turn
 *
 * A list of all accounts may be longer than memory should be: the next page is read when the
 * last one has gone out, and other work runs in between.
 */
#ifndef AUTHD_LISTING_H
#define AUTHD_LISTING_H

#include <uv.h>

#include "authd/accounts.h"
#include "bus/client.h"

enum { LISTINGS_MAX = 16 };

struct listings;

struct listing_order {
	uint64_t subject;
	bool changes;	    /* ACCOUNT_CHANGEDs since `since`, instead of ACCOUNT_ROWs */
	int64_t since;
	const char *domain; /* copied; NULL for all */
	/* All is sent (0) or could not be read; may be NULL. */
	void (*done)(void *arg, uint64_t subject, int rc);
	void *arg;
};

struct listings *listings_start(uv_loop_t *loop, struct accounts *accounts);
void listings_stop(struct listings **l, void (*done)(void *), void *arg);

/* Where they go; NULL ends all that are open, without their done. */
void listings_set_link(struct listings *l, struct link *link);

/* 0, or BH_EBUSY. */
int listings_add(struct listings *l, const struct listing_order *order);

#endif
