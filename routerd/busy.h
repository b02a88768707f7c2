/*
 * busy - who sends most: a sketch of what came lately, of a size that is the same however many they are
 *
 * "Space-saving" (Metwally, Agrawal, El Abbadi 2005): so many names are kept with their counts, and one that is new takes
 * the place, and the count, of the smallest.  So whoever has sent more than 1/BUSY_NAMES of all is there for sure, and a
 * count is too high by its `over` at most.
 *
 * Two windows take turns, so that what is shown is of the last seconds: BUSY_WINDOW_MS to twice that.
 */
#ifndef ROUTERD_BUSY_H
#define ROUTERD_BUSY_H

#include <stdint.h>

#include "base/str.h"

enum { BUSY_NAMES = 64, BUSY_NAME_SIZE = 128, BUSY_WINDOW_MS = 5000 };

struct busy_sketch {
	uint64_t hashes[BUSY_NAMES]; /* together, so that one look passes them all */
	uint32_t counts[BUSY_NAMES], over[BUSY_NAMES];
	char names[BUSY_NAMES][BUSY_NAME_SIZE]; /* longer ones are cut */
	unsigned n;
	uint32_t least;	 /* no count is smaller; */
	unsigned cursor; /* and none before this one is as small */
};

void busy_sketch_add(struct busy_sketch *s, struct str name);

struct busy {
	struct busy_sketch windows[2];
	uint64_t began[2]; /* ms; 0: there is none */
	unsigned at;
};

/* routerd counts one message of so many, on average (submit.c: 0 to 15 are passed over). */
#define BUSY_SAMPLE 8.5

/* One more message of that name. */
void busy_add(struct busy *b, struct str name, uint64_t now_ms);

/* The most busy ones first, at most `most`, with how many a second. */
typedef void busy_fn(void *arg, const char *name, double rate);
void busy_each(const struct busy *b, uint64_t now_ms, unsigned most, busy_fn *each, void *arg);

#endif
