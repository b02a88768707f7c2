/*
 * entry - one entry of a directory, as a search or a synchronisation found it
 */
#ifndef DIRECTORY_ENTRY_H
#define DIRECTORY_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct direntry;

const char *direntry_dn(const struct direntry *e);
/* How many values; 0 where it has not that attribute.  Names are compared without regard to case. */
size_t direntry_count(const struct direntry *e, const char *attribute);
/* Does the server give some of its values only, as "member;range=0-1499" (Active Directory)? */
bool direntry_is_partial(const struct direntry *e, const char *attribute);
/* The i-th; absent where there is none. */
struct str direntry_value(const struct direntry *e, const char *attribute, size_t i);

#endif
