/*
 * client - a daemon's lasting connection to routerd
 *
 * Connects to the socket of its role, says HELLO, waits for WELCOME, and does so again for
 * ever when the link breaks: after 5 ms, doubling up to 1 s, with up to 25 % of jitter.  A
 * REFUSE is told once to on_down with its text; retries go on (a routerd of another version may
 * be replaced meanwhile).
 */
#ifndef BH_BUS_CLIENT_H
#define BH_BUS_CLIENT_H

#include "bus/link.h"

struct bus_client;

struct bus_client_spec {
	uv_loop_t *loop;
	unsigned role;
	const char *run_dir;  /* where routerd's sockets are */
	const char *instance; /* the role's name, or that with @ and more: "c2sd", "c2sd@2" */
	const char *software;
	/* SHA-256 of the file that the process runs on, which may change between two HELLOs; NULL: none. */
	const uint8_t *configuration;
	const struct bus_handler *handlers;
	void *owner;
	/* The link is welcome; sends may start now, on bus_client_link(). */
	void (*on_up)(void *owner, const struct msg_welcome *welcome);
	/* It broke, or could not be made; why as in link.h.  Called once per change of state. */
	void (*on_down)(void *owner, const char *why);
	void (*on_held)(void *owner, uint64_t upto);
	void (*on_room)(void *owner); /* as in link.h */
};

/* To be called as the process starts: its age counts from then. */
int bus_client_start(const struct bus_client_spec *spec, struct bus_client **out);
/* The process ends: routerd is told so. */
void bus_client_stop(struct bus_client **client, void (*done)(void *), void *arg);

/* NULL while down. */
struct link *bus_client_link(const struct bus_client *client);

#endif
