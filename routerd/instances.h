/*
 * instances - the daemons that are there, and those that were a moment ago
 *
 * An instance is known by its name, from its first HELLO until ten minutes after it has gone: so whoever watches sees it
 * restart, or be missing, instead of nothing.  What it said last of itself stays as long.  256 that are gone are kept at
 * most; administrators are no instances.
 */
#ifndef ROUTERD_INSTANCES_H
#define ROUTERD_INSTANCES_H

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "bus/codes.h"
#include "bus/server.h"
#include "routerd/router.h"

struct instance;

/* What it says when it is asked, and said last. */
struct told {
	struct instance *of;
	struct buf text;
	bool asked;   /* and has not answered yet; */
	bool awaited; /* somebody waits for that (watch.c) */
	uint64_t asked_ms;
};

struct instance {
	struct map_node node; /* by name */
	struct list link;     /* in instances.all, by their first HELLO */
	struct router *router;
	struct bus_peer *peer; /* NULL: it has gone */
	unsigned role;
	char name[65], software[65];
	pid_t pid;
	enum instance_state state;
	uint64_t changed_ms, started_ms; /* clock_ms() */
	uint32_t deaths;		 /* how often it has gone without a word */
	bool goodbye;			 /* it has said that it goes */
	struct told counters, associations;
};

struct instances {
	struct map by_name;
	struct list all;
	unsigned gone;
};

struct instances *instances_create(void);
void instances_free(struct instances **all);

void instances_joined(struct router *r, struct bus_peer *peer);
/* It has gone; true: and had said so. */
bool instances_left(struct router *r, const struct bus_peer *peer);
/* It says that it ends. */
bus_handler_fn on_goodbye;

/* Brings its state up to date. */
void instance_review(struct instance *i);
/* Once a second: those that have been gone for long are forgotten. */
void instances_tick(struct router *r);

#endif
