/*
 * answer - what an administrator gets: made on any thread, sent by the loop
 */
#ifndef DIRSYNCD_ANSWER_H
#define DIRSYNCD_ANSWER_H

#include "base/records.h"
#include "dirsyncd/dirsyncd.h"

struct answer {
	uint64_t subject, link_number; /* of the request */
	const char *columns;	       /* separated by spaces */
	struct buf row;		       /* the one under way, a list of texts */
	struct records rows;
	unsigned code; /* enum exit_code */
	char text[512];
};

/* To a request that has come on the present link. */
struct answer *answer_create(const struct dirsyncd *d, uint64_t subject, const char *columns);
/* answer_cell() for each value, then answer_row(). */
void answer_cell(struct answer *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void answer_row(struct answer *a);
/* How it ends; without, well, and with nothing to say. */
void answer_end(struct answer *a, unsigned code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* If its link is still there; frees it. */
void answer_send(struct dirsyncd *d, struct answer **a);

#endif
