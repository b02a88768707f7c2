/*
 * clean - texts of other processes on a terminal
 *
 * A resource, a version or a file name may hold anything; a terminal must not obey it.
 */
#ifndef CTL_CLEAN_H
#define CTL_CLEAN_H

#include <stdbool.h>
#include <stdio.h>

#include "base/str.h"

/* Writes the text with '?' for control characters and for what is not UTF-8. */
void clean_put(FILE *out, struct str text);

/* Does a control character begin there?  Those of U+0080 to U+009F have two bytes, all others one. */
bool clean_is_control(const unsigned char *p, size_t left);

/* The columns it takes, one for each character. */
size_t clean_width(struct str text);

#endif
