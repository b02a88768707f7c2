/*
 * ends - a server and clients with callbacks that note what they are told, for the tests
 */
#ifndef BUS_TEST_ENDS_H
#define BUS_TEST_ENDS_H

#include "support.h"

#include "bus/client.h"
#include "bus/server.h"

/* What the server's callbacks were told. */
struct server_seen {
	struct bus_server *server;
	struct bus_peer *peer; /* the last */
	unsigned peers, gone, refused, frames, done, held;
	unsigned refused_role;
	char why[400];
};
extern struct server_seen srv;

/* And a client's. */
struct user {
	struct bus_client *client;
	unsigned up, down, frames, done;
	struct bus_id boot;
	char why[400];
	bool stop_when_up, stop_when_down;
};

extern char run_dir[64]; /* of this test alone */
extern const struct bus_id router_boot;
void path_of(unsigned role, char path[108]);

/* Of every test: the loop, and the directory.  A test leaves no socket behind, so that the
 * directory can be removed. */
int ends_setup(void **state);
int ends_teardown(void **state);

/* Sockets for c2sd, authd and ctl. */
int server_open(char *what, size_t size);
void server_run(void);
void server_up(void); /* both */
void server_down(void);

void client_up(struct user *u, unsigned role, const char *instance);
void client_down(struct user *u);
/* What bus_client_stop() is given: counts in u->done. */
void on_client_done(void *user);

#endif
