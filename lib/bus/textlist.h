/*
 * textlist - a list of texts in one blob: a u32 length before each
 */
#ifndef BH_TEXTLIST_H
#define BH_TEXTLIST_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

void textlist_put(struct buf *out, struct str text);
/* Each of those that are separated by single spaces. */
void textlist_put_words(struct buf *out, const char *words);
/* printf as one more text. */
void textlist_printf(struct buf *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Takes the first; false at the end, or where the rest is no list. */
bool textlist_take(struct str *list, struct str *text);
/* Takes one that is a number in decimal digits; false where it is none. */
bool textlist_take_number(struct str *list, uint64_t *number);

#endif
