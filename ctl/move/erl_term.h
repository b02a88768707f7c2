/*
 * erl_term - an Erlang term, as text
 *
 * Atoms, numbers, characters, strings, binaries of whole bytes, tuples, proper lists and maps: what io:format("~p") writes,
 * but for pids, references and funs.  Nothing is run, and an atom is only a text.
 */
#ifndef CTL_MOVE_ERL_TERM_H
#define CTL_MOVE_ERL_TERM_H

#include <stdbool.h>

#include "base/str.h"

enum { ERL_DEPTH_MAX = 200 };
/* The longest term, and what it may take in memory. */
#define ERL_TERM_MAX 67108864u	   /* 64 MiB */
#define ERL_MEMORY_MAX 536870912u /* 512 MiB */

enum erl_type { ERL_ATOM, ERL_NUMBER, ERL_STRING, ERL_BINARY, ERL_TUPLE, ERL_LIST, ERL_MAP };

struct erl_value {
	enum erl_type type;
	unsigned n;	 /* of what a tuple, a list or a map holds; of a map keys and values take turns */
	struct str text; /* ERL_ATOM, ERL_STRING, ERL_BINARY: any bytes; characters above 255 in UTF-8 */
	double number;
	const struct erl_value *first, *next;
};

struct erl_term;

/* 0, BH_EPROTO, BH_ETOOBIG or BH_ENOMEM. */
int erl_parse(struct str term, struct erl_term **out);
/* Wipes it. */
void erl_free(struct erl_term **term);
const struct erl_value *erl_root(const struct erl_term *term);

/* All of these take NULL, as what is not there. */

/* The i-th, from 0, of a tuple; NULL where it is none or has not so many. */
const struct erl_value *erl_at(const struct erl_value *tuple, unsigned i);
/* Of a binary or a string, which is an empty list where it is empty; absent of anything else. */
struct str erl_text(const struct erl_value *v);
bool erl_is(const struct erl_value *v, const char *atom);
/* 0 where it is no number. */
double erl_number(const struct erl_value *v);

#endif
