/*
 * profile - a vCard (XEP-0054) out of an entry
 */
#ifndef DIRSYNCD_PROFILE_H
#define DIRSYNCD_PROFILE_H

#include "dirsyncd/profile_map.h"
#include "dirsyncd/reading.h"

enum {
	PROFILE_VALUE_MAX = 4096,      /* bytes of a text */
	PROFILE_VALUES_MAX = 16,       /* of one attribute */
	PROFILE_TEXTS_MAX = 64 * 1024, /* of all of them, escaped */
};

/* Appends <vCard/>, canonical (xmlcheck.h).  What cannot go in is complained of. */
void profile_write(const struct profile_map *map, struct reading *r, struct buf *out);

/* "image/png", by its first bytes; NULL: it is no JPEG, PNG, GIF or WebP. */
const char *profile_picture_type(struct str bytes);

#endif
