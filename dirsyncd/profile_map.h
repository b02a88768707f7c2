/*
 * profile_map - which attributes of an entry become which elements of a vCard (XEP-0054): directory.profile
 *
 *   "FN=displayName|cn"                the first attribute that has a value
 *   "TEL/WORK/NUMBER=telephoneNumber"  <TEL><WORK/><NUMBER>...</NUMBER></TEL>, one for each value
 *   "ORG/ORGNAME='Example Ltd'"        that text
 *   "PHOTO=jpegPhoto"                  a picture
 *
 * A path is of XEP-0054's DTD: an element, what kind it is of, and a part of it.  Paths of one element and one kind are
 * one element.  Never changes once loaded.
 */
#ifndef DIRSYNCD_PROFILE_MAP_H
#define DIRSYNCD_PROFILE_MAP_H

#include <stdbool.h>

#include "base/buf.h"
#include "conf/conf.h"

enum { PROFILE_SOURCES_MAX = 8, PROFILE_ATTRIBUTE_MAX = 64 };

/* An element of the DTD; lists end with NULL. */
struct profile_element {
	const char *name;
	enum { PROFILE_TEXT, PROFILE_PICTURE, PROFILE_PARTS } shape;
	const char *const *kinds; /* empty elements in it */
	const char *const *parts; /* elements with text in it */
	bool each;	/* each value makes an element of its own */
	bool many;	/* the last of the parts may occur more than once */
	bool word;	/* the value is up to the first blank: what follows is for people (RFC 2079) */
};

/* Exactly one of them is set. */
struct profile_source {
	char *attribute, *text;
};

/* An entry of the list. */
struct profile_rule {
	const struct profile_element *element;
	unsigned kinds; /* a bit for each of element->kinds */
	unsigned part;	/* index in element->parts */
	struct profile_source sources[PROFILE_SOURCES_MAX];
	size_t n;
};

/* Rules of one element and the same kinds stand together, elements and parts in the order of the DTD. */
struct profile_map {
	struct profile_rule *rules;
	size_t n;
	size_t picture_max; /* bytes */
};

/* Of the i-th directory; NULL where it makes no profiles.  0, or BH_ECONFIG with a sentence in what. */
int profile_map_load(const struct conf *conf, size_t i, struct profile_map **out, char *what, size_t size);
void profile_map_free(struct profile_map **map);

struct profile_map *profile_map_create(size_t picture_max);
/* One entry of the list.  0, or BH_ECONFIG with a phrase in what, and nothing is added. */
int profile_map_add(struct profile_map *map, const char *entry, char *what, size_t size);

/* May the vCard have it more than once: for each value, and by more than one entry of the list? */
bool profile_rule_repeats(const struct profile_rule *rule);

/* Appends what makes one map another than the next. */
void profile_map_describe(const struct profile_map *map, struct buf *out);

#endif
