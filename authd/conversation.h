/*
 * conversation - one SASL exchange: from AUTH_BEGIN to a verdict
 *
 * The number comes from routerd.  Each conversation ends with exactly one verdict, or with an
 * AUTH_ABORT, or when the link breaks; after its time is over the verdict is
 * temporary-auth-failure.  They are few and short: their number and their memory are bounded; when there are as many as may
 * be, the oldest ends for a new one if it had a tenth of its time.
 */
#ifndef AUTHD_CONVERSATION_H
#define AUTHD_CONVERSATION_H

#include <uv.h>

#include "authd/exchange.h"
#include "bus/bus.h"

enum { CONVERSATIONS_MAX = 10000, CONVERSATION_MS = 30000 };

struct conversations;

struct conversations_spec {
	uv_loop_t *loop;
	struct auth_env env;
	unsigned max;
	uint64_t life_ms;
	/* For routerd; called from within the functions below, and from the loop. */
	void (*challenge)(void *owner, uint64_t id, const struct msg_auth_challenge *m);
	void (*verdict)(void *owner, uint64_t id, const struct msg_auth_verdict *m);
	/* Instead, of a test: x->condition is 0 where the password is right, else x->reason says why not. */
	void (*tested)(void *owner, uint64_t id, const struct exchange *x);
	void *owner;
};

struct conversations *conversations_start(const struct conversations_spec *spec);
/* Ends all without a verdict; *c becomes NULL, done is called when the timer is closed. */
void conversations_stop(struct conversations **c, void (*done)(void *), void *arg);

void conversations_begin(struct conversations *c, uint64_t id, const struct msg_auth_begin *m);
/* An administrator tries a password: PLAIN, whether it is offered or not.  m->account is a bare JID that was prepared;
 * id is of routerd's requests, and meets no conversation's. */
void conversations_test(struct conversations *c, uint64_t id, const struct msg_auth_test *m);
/* A conversation that is not open is no error: it may just have ended. */
void conversations_step(struct conversations *c, uint64_t id, struct str data);
void conversations_abort(struct conversations *c, uint64_t id);
/* The directories and realms are others from now on: who logs in by one of them tries again. */
void conversations_abandon_questions(struct conversations *c);
/* The link is gone, and with it whoever would listen. */
void conversations_abort_all(struct conversations *c);

unsigned conversations_open(const struct conversations *c);

#endif
