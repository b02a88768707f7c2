/*
 * steps - how a connection to one server comes about, for who wants to see that
 */
#ifndef DIRECTORY_STEPS_H
#define DIRECTORY_STEPS_H

#include "directory/connection.h"

struct dirsteps {
	/* "connect", "TLS" (also where there is none), "bind": it is over; why says what is wrong, NULL: nothing. */
	void (*done)(void *arg, const char *step, const char *why);
	void *arg;
};

/* As dirconn_open(), with that server alone. */
int dirconn_open_steps(
	struct directory *d, size_t server, const struct dirsteps *steps, struct dirconn **out, char *why);

#endif
