/*
 * schema - what kinds of directories call things
 */
#ifndef DIRECTORY_SCHEMA_H
#define DIRECTORY_SCHEMA_H

#include <stdbool.h>

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
};

/* false: there is none of that name. */
bool schema_find(const char *name, struct schema *out);

struct direntry;
/* By what its entry says. */
bool schema_is_locked(const struct schema *s, const struct direntry *entry);
bool schema_must_change(const struct schema *s, const struct direntry *entry);

#endif
