/*
 * directed - to whom a session has shown its presence besides its contacts (RFC 6121 4.6)
 *
 * They are told when it goes.
 */
#ifndef ROUTERD_DIRECTED_H
#define ROUTERD_DIRECTED_H

#include <stdbool.h>

#include "base/map.h"
#include "base/str.h"

struct directed {
	struct map targets; /* struct shown (directed.c), by the address as it was given */
};

bool directed_has(const struct directed *d, struct str address);
/* 0 (also when it is there already) or BH_ENOMEM. */
int directed_add(struct directed *d, struct str address);
void directed_remove(struct directed *d, struct str address);
void directed_clear(struct directed *d);
/* Calls each(arg, address) for all. */
void directed_each(const struct directed *d, void (*each)(void *arg, struct str address), void *arg);

#endif
