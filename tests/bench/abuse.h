/*
 * abuse - what attackers do to a server, from many places at a time
 *
 * A place is one connection of the attacker, at an address that stays; when the server ends it, it is made anew a second later.
 * Each kind of attack begins at some depth of a stream, and does something there.
 */
#ifndef BENCH_ABUSE_H
#define BENCH_ABUSE_H

#include "tests/bench/hist.h"
#include "tests/bench/load.h"

enum depth { AT_TCP, AT_FEATURES, AT_PROCEED, AT_TLS, AT_SECURE_FEATURES };

struct place {
	struct conn *conn; /* NULL: none now */
	enum depth depth;
	bool ready;	/* at its attack's depth */
	unsigned said;	/* bytes, of what goes out one by one */
	uint64_t since; /* ns: its last question; without a connection: when it may have the next one */
};

struct abuse_kind {
	const char *name;
	enum depth depth;
	bool tls12;				  /* not above */
	void (*begin)(struct conn *c);		  /* the connection is there; may be NULL */
	void (*tick)(struct conn *c);		  /* once a second; may be NULL */
	size_t (*data)(struct conn *c, struct str s); /* from the server; says how much is used up; NULL: all, unread */
};

struct abuse {
	const struct abuse_kind *kind;
	struct place *places;
	unsigned next;	/* place that is looked at next */
	unsigned most;	/* places that were held at a time, */
	uint64_t most_since; /* ns: since then */
	uint64_t began, opened, ended, broken; /* connections made; that the server ended; that could not be made */
	uint64_t attempts;		       /* guesses answered, connections made and given up */
	uint64_t refused, delayed, busy, let_in; /* of those: not-authorized; temporary-auth-failure; another answer; success */
	struct hist waits; /* for the answers */
};

struct place *abuse_place(const struct conn *c);
const struct abuse_kind *abuse_kind(const char *name);

#endif
