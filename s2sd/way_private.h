/*
 * way_private - what the two halves of a way share: the stream that it goes out on (way.c), routerd's messages (way_bus.c)
 */
#ifndef S2SD_WAY_PRIVATE_H
#define S2SD_WAY_PRIVATE_H

#include "s2sd/way.h"

enum {
	PAIR_MAX = 2 * 1024,
	RESUME_MS = 5000, /* so long what was sent on a stream that the remote has opened waits for it to do so again */
};

struct way *way_find(const struct s2sd *srv, uint64_t id);
struct way *way_find_pair(const struct s2sd *srv, const char *pair);

/* Replaces a text of a way's; value may be NULL. */
void way_set(char **text, const char *value);

/* Looks for a stream, or for one who makes it; gives back what cannot go out. */
void way_seek(struct way *w);
/* One stanza on the stream that it has; way_sent() follows. */
void way_write(struct way *w, struct str from, struct str additions, struct str envelope);

#endif
