/*
 * schema - what kinds of directories call things
 */
#ifndef DIRECTORY_SCHEMA_H
#define DIRECTORY_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "directory/uuid.h"

/* An attribute that says that an account may not be used. */
struct schema_lock {
	const char *attribute; /* NULL: there is none */
	enum { LOCK_TRUE, LOCK_FOREVER, LOCK_BIT_2 } kind;
};

struct schema {
	const char *name;
	const char *user;   /* the attribute of the local part */
	const char *filter; /* which entries are accounts */
	struct schema_lock lock;
	const char *must_change; /* the attribute that is TRUE where a password is good for nothing but a change; or NULL */
	const char *ids[2];  /* the attributes with its identity (uuid.h); the first that an entry has counts */
	const char *changed; /* the one with the time of its last change (stamp.h), which searches may ask for */
};

/* false: there is none of that name. */
bool schema_find(const char *name, struct schema *out);

struct direntry;
/* Which entry it is.  false: it does not say. */
bool schema_identity(const struct schema *s, const struct direntry *entry, uint8_t out[UUID_SIZE]);
/* By what its entry says. */
bool schema_is_locked(const struct schema *s, const struct direntry *entry);
bool schema_must_change(const struct schema *s, const struct direntry *entry);

#endif
