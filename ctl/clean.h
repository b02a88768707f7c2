/*
 * clean - texts of other processes on a terminal
 *
 * A resource, a version or a file name may hold anything; a terminal must not obey it.
 */
#ifndef CTL_CLEAN_H
#define CTL_CLEAN_H

#include <stdio.h>

#include "base/str.h"

/* Writes the text with '?' for control characters and for what is not UTF-8. */
void clean_put(FILE *out, struct str text);

/* The columns it takes, one for each character. */
size_t clean_width(struct str text);

#endif
