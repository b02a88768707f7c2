/*
 * bucket - so many a second (a token bucket)
 *
 * It fills at its rate, up to what a second brings.  A new one is empty: to begin again gains nothing.
 */
#ifndef KEYD_BUCKET_H
#define KEYD_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
	uint64_t filled_ns; /* up to this moment */
	double tokens;
};

void bucket_start(struct bucket *b, uint64_t now_ns);
/* There is one to take. */
bool bucket_ready(struct bucket *b, uint64_t now_ns, unsigned rate);
void bucket_take(struct bucket *b);
/* How long until there is one, in ms; at least 1. */
unsigned bucket_wait_ms(const struct bucket *b, unsigned rate);

#endif
