/*
 * departed - accounts that are gone, or may not be used, and whose data are still there
 *
 * Of one directory, by local part, with the entryUUID of whom they belong to, and in the order in which they went.
 */
#ifndef DIRSYNCD_DEPARTED_H
#define DIRSYNCD_DEPARTED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "base/str.h"
#include "directory/uuid.h"

struct departed {
	struct map_node node;
	struct list order;
	int64_t since; /* wall clock, s */
	uint8_t uuid[UUID_SIZE];
	char local[];
};

struct departures {
	struct map by_name;
	struct list order;
};

void departures_init(struct departures *all);
void departures_fini(struct departures *all);

/* false: that name is there already. */
bool departed_add(struct departures *all, struct str local, const uint8_t uuid[UUID_SIZE], int64_t since);
struct departed *departed_find(const struct departures *all, struct str local);
/* The one that went first, if it went by then. */
struct departed *departed_due(const struct departures *all, int64_t by);
void departed_drop(struct departures *all, struct departed *d);

#endif
