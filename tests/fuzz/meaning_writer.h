/*
 * meaning_writer - where a parser's events go (meaning.c)
 */
#ifndef MEANING_WRITER_H
#define MEANING_WRITER_H

#include "meaning.h"

/* An element or an attribute; "" for no namespace. */
struct named {
	struct str ns, name, value;
};

struct writer {
	struct meaning *m;
	struct buf text; /* character data that may go on; the parser's user frees it */
	unsigned depth, skipped;
};

/* The attributes are put in order in place. */
void writer_start(struct writer *w, const struct named *element, struct named *list, size_t n);
void writer_end(struct writer *w);
void writer_text(struct writer *w, const void *text, int len);
void writer_odd(struct writer *w);

/* A list for so many. */
struct named *writer_room(size_t n);

#endif
