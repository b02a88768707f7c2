/*
 * restore_private - what the two halves of restoring share: rows and the barrier (restore.c), what front ends say
 * (restore_front.c)
 */
#ifndef ROUTERD_RESTORE_PRIVATE_H
#define ROUTERD_RESTORE_PRIVATE_H

#include "routerd/restore.h"

/* A session of before the restart, which its front end may take. */
struct claim {
	struct list link; /* in restoring.claims */
	struct session *session;
	char instance[65];
	struct bus_id boot;
	bool asleep; /* nobody carried it */
	bool gone;   /* its front end has not named it */
};

struct restoring {
	struct router *router;
	void (*done)(struct router *r, int rc);
	void (*stopped)(void *router);
	struct list claims, deferred;
	bool barrier, opening;
	bool late;    /* nothing of before the restart comes any more */
	bool checked; /* authd has been asked about the accounts */
	uint64_t check_ms; /* it could not say: when it is asked again; 0: when one comes */
	uv_timer_t timer; /* the end of the barrier; then, of repetitions */
};

/* Ends the claims that their front ends have not named. */
void restoring_abandon_gone(struct restoring *x);
void restoring_handle_deferred(struct restoring *x);
/* A front end that has claims has not said yet which it takes. */
bool restoring_waits_for_somebody(const struct restoring *x);
void restoring_open_barrier(struct restoring *x);
void restoring_send_credit(struct router *r, struct bus_peer *peer);

#endif
