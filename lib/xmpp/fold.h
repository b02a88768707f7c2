/*
 * fold - texts that are compared without regard to case (RFC 4518)
 *
 * Two texts that people take for the same fold to the same bytes: "MÜLLER", "Müller" with a combining mark, and
 * "  müller ".  A folded text is for comparing and sorting, never for showing.
 */
#ifndef BH_FOLD_H
#define BH_FOLD_H

#include "base/buf.h"
#include "base/str.h"

enum { FOLD_MAX = 1023 }; /* bytes that are folded */

/* Appends it.  Case is folded, compatible characters become one (NFKC), blanks at the ends go, and those in between
 * become one.  0, or BH_EINVAL (then nothing is appended): it is no text (xmlcheck.h), or longer than FOLD_MAX. */
int fold_text(struct buf *out, struct str text);

#endif
