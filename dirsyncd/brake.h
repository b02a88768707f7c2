/*
 * brake - how many accounts may vanish within a minute (directory.brake)
 *
 * A directory that is read with a wrong base, or that has lost its data, looks like one whose people have all gone.  So
 * more than so many per cent of the accounts, and more than ten, do not go without somebody saying so.
 */
#ifndef DIRSYNCD_BRAKE_H
#define DIRSYNCD_BRAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BRAKE_WINDOW_S = 60, BRAKE_FREE = 10 };

struct brake {
	unsigned percent; /* 0: all may go */
	uint64_t now_s;
	size_t vanished[BRAKE_WINDOW_S]; /* in each of the seconds up to now, by their number */
};

/* May n more vanish now, of so many accounts, those n included?  Then they are counted. */
bool brake_allows(struct brake *b, uint64_t now_ms, size_t n, size_t accounts);
/* How many have vanished within the window, as of the last question. */
size_t brake_vanished(const struct brake *b);
/* What has been was in order. */
void brake_reset(struct brake *b);

#endif
