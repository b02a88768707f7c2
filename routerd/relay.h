/*
 * relay - questions of administrators that other daemons answer
 *
 * One daemon of a role after the other is asked, and what they say goes on to the administrator as if it were one
 * answer.
 */
#ifndef ROUTERD_RELAY_H
#define ROUTERD_RELAY_H

#include "bus/server.h"
#include "routerd/router.h"

struct relaying;
struct request;

struct relay_ask {
	struct bus_peer *asker;
	uint64_t subject;
	struct str verb, args; /* args: a list of texts */
};

/* Is it a verb of another daemon's, and does it change something? */
bool relay_knows(struct str verb, bool *writes);
/* Passes it on, which is known. */
void relay_verb(struct router *r, const struct relay_ask *ask);
/* Passes it on to one dirsyncd. */
void relay_to_directory(struct router *r, const struct relay_ask *ask);

/* The same when the request is answered that asks another daemon for the first rows, and for the columns: then
 * relay_go_on() closes it. */
void relay_to_directory_after(struct router *r, struct request *first, const struct relay_ask *ask);
void relay_go_on(struct router *r, struct request *first, unsigned code, struct str text);

void relaying_free(struct relaying **relaying);

bus_handler_fn on_ctl_columns, on_ctl_row, on_ctl_end;

#endif
