/*
 * progress - how far a part of a directory is followed, as administrators want to know it
 */
#ifndef DIRSYNCD_PROGRESS_H
#define DIRSYNCD_PROGRESS_H

#include "dirsyncd/follower.h"

enum progress_state { PROGRESS_READING, PROGRESS_FOLLOWING, PROGRESS_POLLING, PROGRESS_LOST };

struct progress {
	uint8_t state; /* enum progress_state */
	bool polls;
	char *server;	    /* its URL, or NULL */
	char *why;	    /* it is lost, or NULL: all has been read since */
	int64_t changed;    /* wall clock, s: the last change was heard of; 0: none was */
	uint64_t lag_ms;    /* of that one, where its time is known */
	uint64_t up_to_ms;  /* all that happened up to then is known; 0: nothing is */
};

/* Takes notice.  true: something that an operator may want to see in the log is another than before: the server, how it
 * is followed, or that it is lost. */
bool progress_news(struct progress *p, const struct news *n);
const char *progress_state(const struct progress *p);
/* How old what we know may be, in ms. */
uint64_t progress_lag(const struct progress *p);
void progress_fini(struct progress *p);

#endif
