/*
 * relay - questions of administrators that the s2sds answer
 *
 * One s2sd after the other is asked, and what it says goes on to the administrator as if it were one answer.
 */
#ifndef ROUTERD_RELAY_H
#define ROUTERD_RELAY_H

#include "bus/server.h"
#include "routerd/router.h"

struct relaying;

struct relay_ask {
	struct bus_peer *asker;
	uint64_t subject;
	const char *verb;
	struct str args; /* a list of texts */
	bool all;	 /* of them; else one */
};
void relay_begin(struct router *r, const struct relay_ask *ask);

void relaying_free(struct relaying **relaying);

bus_handler_fn on_ctl_columns, on_ctl_row, on_ctl_end;

#endif
