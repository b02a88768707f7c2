/*
 * carrier - a front end's side of custody (doc/custody.md)
 *
 * A front end carries sessions for routerd.  What each of them sends is kept until it is SAFE (inbound.h), what
 * its peer has not acknowledged until it is DONE (kept.h), and what was accepted from others until it is
 * SETTLED; a routerd that is started again is told all of it (restore.h).
 *
 * The front end embeds a struct carrier, and a struct carried in each of its sessions.
 */
#ifndef CARRY_CARRIER_H
#define CARRY_CARRIER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "base/records.h"
#include "bus/client.h"
#include "bus/link.h"
#include "carry/inbound.h"

struct carried {
	struct map_node node; /* in carrier.all */
	uint64_t id;	      /* the key, and the subject of frames about it: never used twice */
	struct carrier *carrier;
	struct bus_id session; /* that routerd gave it */
	uint32_t epoch;
	struct list stalled;
	struct list unnamed;	/* in carrier.unnamed, until this routerd has heard of it and */
	uint64_t restored;	/* of what it keeps, this being the next; */
	bool named;		/* and it has heard of the session */
	struct records inbound; /* what it sent and is not safe (inbound.h) */
	uint64_t unsent;	/* of inbound: the first that was not sent to routerd */
	uint64_t settled;	/* of inbound: the first that is not safe */
	uint64_t in_count;	/* stanzas that came */
	uint64_t in_number;	/* stanzas given to routerd */
	uint64_t in_safe;
	uint64_t in_bytes;   /* of those not yet safe */
	uint64_t out_number; /* stanzas got from routerd */
	uint64_t out_done;   /* reported as DONE */
};

/* What the front end does. */
struct carrier_spec {
	/* Something waits for credit: the peer is not read.  Nothing does any more. */
	void (*stall)(struct carried *c);
	void (*go_on)(struct carried *c);
	/* More of what it sent is safe. */
	void (*safe)(struct carried *c);
	/* Sends one of the front end's own notes; count: the stanzas before it. */
	void (*send_note)(struct carried *c, const struct inbound *note, uint64_t count);
	/* A note of that kind was sent, and is to be kept: its answer may not come. */
	bool (*note_is_open)(const struct carried *c, uint8_t kind);
	void (*out_of_memory)(struct carried *c);
	/* It has a session, of which a new routerd must hear. */
	bool (*has_session)(const struct carried *c);
	/* Sends RESTORE. */
	void (*restore)(struct carried *c, struct link *link);
	/* What it keeps for its peer (kept.h); NULL: nothing. */
	const struct records *(*kept)(const struct carried *c);
};

struct carrier {
	const struct carrier_spec *spec;
	struct bus_client *bus; /* NULL before it is started; the owner's */
	struct map all;		/* struct carried by id */
	uint64_t last;		/* the id that the newest got */
	struct msg_credit credit;
	uint64_t unsafe_bytes; /* on the link and not yet SAFE */
	struct list stalled;   /* struct carried with something that waits for credit */
	struct list unnamed;   /* struct carried of which this routerd has not heard yet */
	bool naming;	       /* RESTORED is still to come */
	struct buf done;       /* marks that gather during a turn */
	struct records accepted, accepted_before; /* restore.c: on this link, and on former ones */
	uint64_t accepted_since; /* ms: when the last of these broke */
};

void carrier_init(struct carrier *k, const struct carrier_spec *spec);
/* Nothing is carried any more. */
void carrier_fini(struct carrier *k);

/* NULL while there is no routerd. */
struct link *carrier_link(const struct carrier *k);

/* One more, with the next id.  0 or BH_ENOMEM. */
int carrier_add(struct carrier *k, struct carried *c);
void carrier_remove(struct carried *c);
struct carried *carrier_find(const struct carrier *k, uint64_t id);

/* It has got the n-th stanza, by that frame. */
void carried_accept(struct carried *c, const struct bus_event *event, const struct msg_deliver *m, uint64_t n);
/* All up to n are done: DONE goes to routerd with the next carrier_flush_done(). */
void carried_done(struct carried *c, uint64_t n);
/* Sends the DONE marks that gathered; not before routerd knows the sessions again. */
void carrier_flush_done(struct carrier *k);

/* The bodies of the handlers of SAFE, CREDIT and SETTLED. */
int carrier_on_safe(struct carrier *k, const struct bus_event *event);
int carrier_on_credit(struct carrier *k, const struct bus_event *event);
int carrier_on_settled(struct carrier *k, const struct bus_event *event);

#endif
