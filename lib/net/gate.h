/*
 * gate - how many connections are let in: from one address, and by strangers, who have not shown yet who they are
 *
 * Strangers are what an attacker can have many of.  From half of their limit on one address may have only a few of them; so who
 * comes from elsewhere still gets in.  An IPv6 address counts as its /64.
 */
#ifndef BH_GATE_H
#define BH_GATE_H

#include "net/crowd.h"

enum { GATE_FEW = 8 };

struct gate_limits {
	unsigned per_address; /* 0: any number */
	unsigned strangers;
};

/* The owner's storage, all zeros at first. */
struct gate {
	struct crowd all, strange;
	unsigned strangers;
	unsigned most; /* at a time, since gate_tick() gave memory back */
};

void gate_fini(struct gate *g);

/* There are as many strangers as may be: one has to leave before the next enters. */
bool gate_full(const struct gate *g, const struct gate_limits *limits);
/* May the address have one more stranger, if there is room? */
bool gate_allows(const struct gate *g, const struct address *a, const struct gate_limits *limits);
/* One more stranger; false: the address may not. */
bool gate_enter(struct gate *g, const struct address *a, const struct gate_limits *limits);
/* One is no stranger any more. */
void gate_know(struct gate *g, const struct address *a);
/* One leaves that is none. */
void gate_leave(struct gate *g, const struct address *a);
/* Once a second: after a crowd of strangers has gone, the memory that it took goes back to the system. */
void gate_tick(struct gate *g);

#endif
