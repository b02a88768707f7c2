/*
 * resolver - questions to the DNS, answered in the loop, by libunbound
 *
 * libunbound asks, validates (DNSSEC) and caches in a thread of its own; answers come back through a
 * descriptor, and done() is called from the loop, never from within a call of ours.
 */
#ifndef DNS_RESOLVER_H
#define DNS_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/str.h"
#include "dns/record.h"

struct query;
struct resolver;

struct resolver_spec {
	uv_loop_t *loop;
	const char *forwarder; /* an address, "192.0.2.1" or "192.0.2.1@5353"; NULL: as resolv.conf says */
	const char *anchor;    /* a file with the root's keys; NULL: nothing is validated */
	const char *hosts;     /* as /etc/hosts, which a small system may lack; NULL: none */
};

enum answer_kind {
	ANSWER_RECORDS,
	ANSWER_NO_RECORDS, /* of that type */
	ANSWER_NO_NAME,
	ANSWER_FAILED, /* no server answered, or what it said was no answer */
	ANSWER_BOGUS,  /* its signatures are wrong: it was not what the domain says */
};

struct answer {
	enum answer_kind kind;
	bool secure;	 /* validated */
	const char *why; /* of ANSWER_FAILED and ANSWER_BOGUS, for the log */
	unsigned count;
	struct ub_result *result;
};

typedef void answer_fn(void *arg, const struct answer *answer);

/* BH_ECONFIG with a sentence in what. */
int resolver_create(const struct resolver_spec *spec, struct resolver **out, char *what, size_t size);
/* Nobody is called any more; done(arg) when all is closed. */
void resolver_stop(struct resolver **r, void (*done)(void *arg), void *arg);

/* Forgets what was learnt: questions from now on are asked anew, and those that are under way get the answers that they
 * would have got.  libunbound cannot take anything out of a cache, so a new context takes the place of the old one, and
 * reads the files again; what resolver_add() has added is forgotten, too.  BH_ECONFIG with a sentence in what, and nothing
 * is forgotten; BH_EBUSY: four old ones still wait for answers. */
int resolver_flush(struct resolver *r, char *what, size_t size);

/* A record that every question finds, "host.example. IN A 192.0.2.1", as if the DNS had it.  false: it is
 * none. */
bool resolver_add(struct resolver *r, const char *record);

/* Asks for records of that type (record.h).  NULL where it cannot be asked. */
struct query *resolver_ask(struct resolver *r, const char *name, int type, answer_fn *done, void *arg);
/* done is not called any more.  NULL is none. */
void query_cancel(struct query **q);

/* One of answer->count. */
struct str answer_record(const struct answer *answer, unsigned i);

#endif
