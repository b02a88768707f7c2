/*
 * watchdog - cuts connections whose thread would wait for ever
 *
 * libldap's TLS handshake obeys no time limit (libraries.md, 3): a thread of ours shuts the socket down instead, and
 * the call returns with an error.  One thread per process, started with the first watch.
 */
#ifndef DIRECTORY_WATCHDOG_H
#define DIRECTORY_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

/* Of one call; belongs to the calling thread. */
struct watch {
	struct list link;
	int fd;
	uint64_t until_ms;
	bool cut;
};

void watchdog_begin(struct watch *w, int fd, unsigned ms);
/* false: it was cut. */
bool watchdog_end(struct watch *w);

#endif
