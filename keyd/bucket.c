/* The token bucket. */
#include "keyd/bucket.h"

void bucket_start(struct bucket *b, uint64_t now_ns)
{
	*b = (struct bucket){.filled_ns = now_ns};
}

bool bucket_ready(struct bucket *b, uint64_t now_ns, unsigned rate)
{
	b->tokens += (double)(now_ns - b->filled_ns) * rate / 1e9;
	b->filled_ns = now_ns;
	if (b->tokens > rate)
		b->tokens = rate;
	return b->tokens >= 1;
}

void bucket_take(struct bucket *b)
{
	b->tokens -= 1;
}

unsigned bucket_wait_ms(const struct bucket *b, unsigned rate)
{
	double ms = (1 - b->tokens) * 1000 / rate;

	return ms > 1 ? (unsigned)ms + 1 : 1;
}
