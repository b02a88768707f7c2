/*
 * value - one setting's value: from text, with its checks
 */
#ifndef BH_VALUE_H
#define BH_VALUE_H

#include "base/buf.h"
#include "conf/settings.h"

struct value {
	char *text;	/* of texts, choices and paths */
	int64_t number; /* of numbers, sizes, durations (seconds); 0 or 1 of a BOOL */
	char **items;	/* of a LIST */
	size_t nitems;
};

void value_fini(struct value *v);

/* Sets v, which is empty or gets replaced, from what stands in the file; for a LIST one item is
 * added.  false: *what says, without file and line, what is wrong. */
bool value_set(struct value *v, const struct setting *s, const char *text, char *what, size_t size);

/* The default of the table, which is right. */
void value_set_default(struct value *v, const struct setting *s);

/* Adds it as people write it: numbers in their smallest unit, the items of a list with commas. */
void value_write(const struct value *v, const struct setting *s, struct buf *out);

void value_copy(struct value *to, const struct value *from);
bool value_equal(const struct value *a, const struct value *b);

/* Puts the folder before a relative path. */
void value_set_folder(struct value *v, const struct setting *s, const char *folder);

#endif
