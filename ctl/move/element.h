/*
 * element - XML of others, read by the one reader and made canonical
 *
 * DTDs, comments and processing instructions are refused; what comes out is in the form of xmpp/xmlcheck.h.
 */
#ifndef CTL_MOVE_ELEMENT_H
#define CTL_MOVE_ELEMENT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "xmpp/reader.h"

typedef void element_fn(void *arg, const struct element *e);

/* Of one element, whose undeclared namespace is jabber:client: calls fn with it.  0, or BH_EPROTO when it is none. */
int element_read(struct str xml, element_fn *fn, void *arg);

/* Its start tag alone, of canonical XML out of an element with that namespace: fn gets no children. */
int element_head(struct str xml, const char *parent_ns, element_fn *fn, void *arg);

/* Takes the next child of canonical contents, and the text before it; false where there is none. */
bool element_next(struct str *inner, struct str *child);

/* Any elements, as inner XML of a stanza. */
int element_canonical(struct str xml, struct buf *out);

/* A whole file, of at most 1 GiB, without its XML declaration.  0, or a negative error with a phrase in why. */
int element_read_file(FILE *file, struct buf *out, char why[128]);

/* May that stand in a tag, without meaning something there?  Whether it is a name, the reader judges. */
bool element_is_name(struct str name);

/* XEP-0082 in seconds since 1970; 0 where it is no time. */
int64_t element_time(struct str stamp);

#endif
