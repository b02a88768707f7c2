/*
 * question - what is asked of dirsyncd while a stanza waits for the answer
 *
 * The stanza's number stays open, and nothing else waits for it (transit_keep_aside()).  Where no dirsyncd is there, or
 * it has not read the directory yet, the question stays here and is asked again; after ten seconds (one, where the
 * session sleeps: it could not be resumed before), or when too many wait, its sender gets a resource-constraint.
 */
#ifndef ROUTERD_QUESTION_H
#define ROUTERD_QUESTION_H

#include "bus/server.h"
#include "routerd/route.h"

struct questions;

struct answer {
	bool there, more; /* of PROFILE, FOUND */
	uint32_t limit;	  /* of the question */
	struct str text;  /* their xml or rows, not checked */
};
typedef void answer_fn(struct transit *t, const struct answer *answer);

/* Either a profile or a search. */
struct question {
	struct str account; /* absent for a search */
	struct str domain, wanted; /* of SEARCH */
	uint32_t limit;
	answer_fn *fn; /* called at most once */
};

/* Copies all of it; the stanza is answered by fn, or here. */
void question_ask(struct transit *t, const struct question *q);

struct questions *questions_create(void);
void questions_free(struct questions **all);
/* A dirsyncd has come: it is asked what waits. */
void questions_ask_again(struct router *r);
/* Once a second. */
void questions_tick(struct router *r);

bus_handler_fn on_profile, on_found;

#endif
