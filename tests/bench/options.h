/*
 * options - the command line of xmppload
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "tests/bench/proc.h"

#include <stdbool.h>

/* An XMPP server. */
struct target {
	const char *host; /* an IPv4 address */
	const char *domain;
	unsigned port;
};

struct options {
	const char *mode;
	struct target server;
	struct target other; /* throughput: where the other of each pair is; port 0: the same server */
	const char *user;      /* accounts are user0, user1, ... of the domain, from first on */
	const char *password;  /* the same for all */
	const char *mechanism; /* NULL: the strongest SCRAM that is offered */
	const char *label;     /* goes into the results */
	struct proc_set servers, others;
	unsigned first;
	unsigned accounts; /* connection n logs in as account n modulo this */
	unsigned inflight; /* logins at a time */
	unsigned sources;  /* local addresses to connect from, 127.0.1.1 and on, ... */
	unsigned source;   /* ... but for so many */
	const char *kind;  /* abuse: which */
	unsigned seconds, warmup, settle;
	unsigned pairs, window, body, rate;
	unsigned connections, few, logins;
	unsigned victim; /* process id */
	unsigned contacts, senders, recipients, each, entries;
	bool keep;   /* never log out */
	bool sm;     /* stream management: every 8th message is followed by <r/>, every <r/> answered */
	bool trace;  /* a line for each message: when it was due, how long it took, in ns */
	bool coalesce; /* all that is due in one TLS record, as no client does */
};

/* Fills *o from the command line; a complaint goes to standard error.  0 or BH_EINVAL. */
int options_parse(struct options *o, int argc, char **argv);
void options_usage(void);

#endif
