/*
 * ejabberd - the tables of its database Mnesia, as its command `dump` writes them
 *
 * A text of Erlang terms: {tables, ...} first, then each record as a tuple that begins with its table's name.  Known are the
 * records of ejabberd 23.01, and what passwords look like in versions before and after it.
 */
#ifndef CTL_MOVE_EJABBERD_H
#define CTL_MOVE_EJABBERD_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/move/erl_term.h"
#include "ctl/move/moved.h"

/* Is that such a dump, or what is taken for one: a binary backup, the folder of the database? */
bool ejabberd_is(const char *path);

/* A dump; or, where the path is none of these three, XEP-0227, which ejabberd writes, too.  An enum exit_code, after the
 * complaint. */
int ejabberd_read(const char *path, const struct moved_taker *taker);

/* ---- records -------------------------------------------------------------------------------------------- */

/* Is anything read from that table? */
bool ejabberd_has_table(struct str name);

/* Whose a record of such a table is; both borrow from it.  time: of a message, in microseconds, else 0. */
struct ejabberd_owner {
	struct str local, domain;
	int64_t time;
};
/* false: nobody's. */
bool ejabberd_owner(const struct erl_value *record, struct ejabberd_owner *out);

/* What it has of its owner. */
void ejabberd_take(struct moved *m, const struct erl_value *record);

#endif
