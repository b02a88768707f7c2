/*
 * erl_scan - where things end in a text of Erlang terms, each with a dot behind it: what file:consult() reads
 *
 * What stands in a term needs not be readable to be passed over.
 */
#ifndef CTL_MOVE_ERL_SCAN_H
#define CTL_MOVE_ERL_SCAN_H

#include "base/str.h"

/* Takes the next term off the text, without its dot.  1; 0: there is none; BH_EPROTO: it has no end, and is left there. */
int erl_next(struct str *text, struct str *term);

/* The atom that a tuple begins with; "" where it is none, or quoted. */
struct str erl_tag(struct str term);

/* ---- for who reads a term: at <= end ------------------------------------------------------------------ */

/* Behind blanks and comments. */
const char *erl_skip(const char *at, const char *end);
/* at: behind a quote.  Behind the one that closes; NULL where none does. */
const char *erl_skip_quoted(const char *at, const char *end, char quote);
/* at < end.  Behind what begins there: a quotation, a comment, a character.  NULL where that has no end. */
const char *erl_step(const char *at, const char *end);
/* Letters, digits, _ and @. */
struct str erl_word(const char *at, const char *end);

#endif
