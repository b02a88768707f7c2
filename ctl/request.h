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
	/* To routerd_watch(). */
	void (*instance)(void *arg, const struct msg_instance *instance);
	void (*watched)(void *arg);
	/* Instead of an end; NULL where these are not asked for. */
	void (*moved)(void *arg, uint64_t number, const struct msg_moved *moved);
	void (*keys)(void *arg, uint64_t number, const struct msg_keys *keys);
	void (*data)(void *arg, uint64_t number, const struct msg_user_data *data);
};

/* Finds the socket by the configuration, connects, and waits until we are welcome. */
int routerd_open(const struct ctl *ctl, const struct answer_handlers *handlers, void *arg,
	struct routerd **out);
void routerd_close(struct routerd **routerd);

/* May we do all?  EXIT_OK or EXIT_NOT_AUTHORISED. */
int routerd_check_writer(const struct routerd *r);

/* args is a list of texts.  Those that are not UTF-8, also as an account, are wrong usage, and nothing is sent. */
int routerd_ask(struct routerd *r, uint64_t number, const char *verb, struct str args);
int routerd_put_account(struct routerd *r, uint64_t number, const struct msg_account_put *put);
int routerd_test_account(struct routerd *r, uint64_t number, const struct msg_auth_test *test);

/* Asks for a picture of the suite (WATCH), which comes within a second. */
int routerd_watch(struct routerd *r);
int routerd_move_account(struct routerd *r, uint64_t number, const struct msg_account_move *move);
int routerd_put_user(struct routerd *r, uint64_t number, const struct msg_user_put *put);
int routerd_get_keys(struct routerd *r, uint64_t number, struct str account);
int routerd_get_user(struct routerd *r, uint64_t number, struct str account);

/* Waits for something to come and calls the handlers. */
int routerd_wait(struct routerd *r);
/* Calls the handlers for what comes until routerd_leave(), SIGINT or SIGTERM, or so many seconds are over (0: never). */
int routerd_follow(struct routerd *r, unsigned seconds);
void routerd_leave(struct routerd *r);
/* Calls them for what has come already. */
int routerd_poll(struct routerd *r);

#endif
