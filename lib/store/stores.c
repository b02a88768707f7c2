/* The table of stores.def in memory. */
#include "store/stores.h"

#include <stdio.h>

const struct store_place store_places[] = {
#define STORE(daemon, file, schema, needed) {#daemon, file, schema, needed},
#include "store/stores.def"
#undef STORE
};
const size_t store_places_count = sizeof store_places / sizeof store_places[0];

_Static_assert(sizeof store_places / sizeof store_places[0] <= STORES_MAX, "STORES_MAX is too low");

void store_place_path(const struct store_place *place, const char *state_dir, const char *suffix, char *out, size_t size)
{
	snprintf(out, size, "%s/%s/%s%s", state_dir, place->daemon, place->file, suffix);
}
