/* A ring of seconds. */
#include "dirsyncd/brake.h"

#include <string.h>

static void turn(struct brake *b, uint64_t now_s)
{
	if (now_s - b->now_s >= BRAKE_WINDOW_S)
		brake_reset(b);
	else
		while (b->now_s < now_s)
			b->vanished[++b->now_s % BRAKE_WINDOW_S] = 0;
	b->now_s = now_s;
}

size_t brake_vanished(const struct brake *b)
{
	size_t sum = 0;

	for (size_t i = 0; i < BRAKE_WINDOW_S; i++)
		sum += b->vanished[i];
	return sum;
}

void brake_reset(struct brake *b)
{
	memset(b->vanished, 0, sizeof b->vanished);
}

bool brake_allows(struct brake *b, uint64_t now_ms, size_t n, size_t accounts)
{
	size_t before, all;

	turn(b, now_ms / 1000);
	before = brake_vanished(b);
	all = before + n;
	if (b->percent > 0 && all > BRAKE_FREE && all * 100 > b->percent * (before + accounts))
		return false;
	b->vanished[b->now_s % BRAKE_WINDOW_S] += n;
	return true;
}
