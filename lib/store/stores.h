/*
 * stores - which stores there are, and the schema of each
 */
#ifndef BH_STORES_H
#define BH_STORES_H

#include <stdbool.h>
#include <stddef.h>

/* SCHEMA_routerd and its like, for each daemon to hold its migrations against. */
enum store_schema {
#define STORE(daemon, file, schema, needed) SCHEMA_##daemon = (schema),
#include "store/stores.def"
#undef STORE
};

#define STORE_HAS_SCHEMA(migrations, daemon)                                                       \
	_Static_assert(sizeof(migrations) / sizeof(migrations)[0] == SCHEMA_##daemon + 1,          \
		"store/stores.def says which schema the store has")

struct store_place {
	const char *daemon, *file;
	int schema;  /* the newest that this version knows */
	bool needed; /* there is one as soon as the suite has run */
};

enum { STORES_MAX = 16 };

extern const struct store_place store_places[];
extern const size_t store_places_count;

/* "state_dir/daemon/file", with something behind it. */
void store_place_path(const struct store_place *place, const char *state_dir, const char *suffix, char *out, size_t size);

#endif
