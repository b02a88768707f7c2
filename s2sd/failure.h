/*
 * failure - remote domains that could not be reached, remembered for a while (s2sd.retry)
 */
#ifndef S2SD_FAILURE_H
#define S2SD_FAILURE_H

#include <stdint.h>

#include "base/map.h"
#include "base/str.h"

struct s2sd;

struct failure {
	struct map_node node;
	char *pair;
	uint64_t until;	    /* ms */
	unsigned condition; /* enum stanza_error: what senders get */
	char why[256];
};

enum { FAILURES_MAX = 10000 };

/* For the pair "remote/local": since what one of our domains may not do, another may. */
void failure_note(struct s2sd *srv, const char *pair, unsigned condition, const char *why);
/* NULL where it may be tried. */
const struct failure *failure_find(struct s2sd *srv, const char *pair);
void failure_forget(struct s2sd *srv, const char *pair);
/* All of that remote domain, or (absent) of every one: how many pairs may be tried again. */
unsigned failures_forget(struct s2sd *srv, struct str remote);
void failures_free(struct s2sd *srv);

#endif
