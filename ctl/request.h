/*
 * request - talking to routerd over ctl.sock
 *
 * Requests carry numbers of the caller's choice, and answers come back with them; many may be
 * under way.  All functions that can fail give an enum exit_code, after the complaint.
 */
#ifndef CTL_REQUEST_H
#define CTL_REQUEST_H

#include <stdint.h>

#include "base/str.h"
#include "bus/bus.h"
#include "ctl/ctl.h"

struct routerd;

/* What comes back; columns and row may be NULL. */
struct answer_handlers {
	void (*columns)(void *arg, uint64_t number, struct str names);
	void (*row)(void *arg, uint64_t number, struct str values);
	void (*end)(void *arg, uint64_t number, const struct msg_ctl_end *end);
};

/* Finds the socket by the configuration, connects, and waits until we are welcome. */
int routerd_open(const struct ctl *ctl, const struct answer_handlers *handlers, void *arg,
	struct routerd **out);
void routerd_close(struct routerd **routerd);

/* args is a list of texts. */
int routerd_ask(struct routerd *r, uint64_t number, const char *verb, struct str args);
int routerd_put_account(struct routerd *r, uint64_t number, const struct msg_account_put *put);

/* Waits for something to come and calls the handlers. */
int routerd_wait(struct routerd *r);
/* Calls the handlers for what comes until routerd_leave(), SIGINT or SIGTERM, or so many seconds are over (0: never). */
int routerd_watch(struct routerd *r, unsigned seconds);
void routerd_leave(struct routerd *r);

#endif
