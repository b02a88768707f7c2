/*
 * stanza - whole stanzas out of what a server sends
 *
 * Knows as much XML as four servers write: tags, and attributes without a '>' in their values.
 */
#ifndef BENCH_STANZA_H
#define BENCH_STANZA_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct conn;
struct options;

/* Gives each whole stanza in the data to take, as long as the connection is in use; says how
 * many bytes are used up. */
size_t stanza_each(struct conn *c, const char *data, size_t len,
	void (*take)(struct conn *c, struct str stanza));

/* Whether its first tag has this name ("iq"). */
bool stanza_is(struct str s, const char *name);

/* An attribute of the first tag; STR_NONE when it has none of this name. */
struct str stanza_attr(struct str s, const char *name);

/* The part from the first "<name" on, or STR_NONE. */
struct str stanza_find(struct str s, const char *name);

/* What follows its first tag. */
struct str stanza_rest(struct str s);

/* How many times the tag "<name" is in it. */
unsigned stanza_count(struct str s, const char *name);

/* Which of the load's accounts an address belongs to. */
bool stanza_account(const struct options *o, struct str jid, unsigned *account);

#endif
