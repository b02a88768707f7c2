/*
 * escape - text and attribute values into XML
 *
 * Both escape & < > ' and ", and what a parser would not give back unchanged: CR in text,
 * TAB, LF and CR in attributes.
 */
#ifndef BH_ESCAPE_H
#define BH_ESCAPE_H

#include "base/buf.h"
#include "base/str.h"

void escape_text(struct buf *out, struct str text);
void escape_attribute(struct buf *out, struct str value);

/* Writes " name='value'"; nothing where the value is absent. */
void escape_put_attribute(struct buf *out, const char *name, struct str value);

#endif
