/*
 * requests - what an administrator, or routerd itself, asks of another process
 *
 * The number that the answerer sees is minted here, so that no two askers can meet.
 *
 * Nobody waits for ever for a process that does not answer, whether it is stopped or means it: 20 s, and an
 * administrator 50 s (bulkheadctl itself gives up after 60) since the last word about it.  Then the request ends as if
 * the process had gone, and what it says later is nothing.
 */
#ifndef ROUTERD_REQUESTS_H
#define ROUTERD_REQUESTS_H

#include "bus/server.h"
#include "routerd/router.h"

/* What an answer says, to routerd itself. */
struct reply {
	bool lost; /* the answerer went away or was silent instead: text says so, and code is EXIT_TEMPORARY */
	bool gone; /* which of both: it went away */
	unsigned code;	/* enum exit_code, or what the message has */
	struct str text;
	uint64_t generation;
	bool more; /* of FOUND */
	const struct msg_connection *connection; /* of CONNECTION */
};

typedef void reply_fn(void *arg, const struct reply *reply);
typedef void account_row_fn(void *arg, const struct msg_account_row *row);

struct request {
	struct map_node node;
	struct list over; /* of those that end together */
	uint64_t id; /* the key: the subject towards the answerer */
	uint64_t deadline_ms; /* clock_ms() */
	struct bus_peer *answerer; /* NULL: it waits for routerd itself, which has deadlines of its own */
	struct bus_peer *asker; /* an administrator, who waits for a CTL_END; or NULL */
	uint64_t subject;	/* the asker's own number for it */
	reply_fn *fn;		/* without an asker */
	account_row_fn *row;	/* the same: what comes before the answer to ACCOUNT_LIST; or NULL */
	void *arg;
	struct relaying *relaying; /* relay.h, or NULL */
};

struct requests *requests_create(void);
void requests_free(struct requests **all);

/* A peer is gone, asker or answerer: its requests end. */
void requests_lost(struct router *r, const struct bus_peer *peer);
/* Once a second: those whose time is over end. */
void requests_tick(struct router *r);

/* An authd to ask; NULL when none is there that reads what it is asked.  They take turns. */
struct bus_peer *requests_authd(struct router *r);

/* 0 without memory. */
uint64_t request_open(struct router *r, struct bus_peer *asker, uint64_t subject,
	struct bus_peer *answerer);
/* routerd's own: fn is called once, with the answer or its loss, and the request is closed.
 * 0 without memory, or without an answerer (NULL): fn is not called. */
uint64_t request_ask(struct router *r, struct bus_peer *answerer, reply_fn *fn, void *arg);
/* Asks an authd, whichever is there, by that message: its request, or 0 as above, and nothing was sent. */
#define REQUEST_AUTHD(r, NAME, name, m, fn, arg)                                          \
	({                                                                                \
		struct bus_peer *authd_ = requests_authd(r);                              \
		uint64_t id_ = request_ask((r), authd_, (fn), (arg));                     \
		if (id_ != 0)                                                             \
			(void)LINK_SEND(authd_->link, NAME, name, id_, (m));              \
		id_;                                                                      \
	})
/* The same as request_ask() without a deadline, where nobody waits for the answer, whenever it comes. */
uint64_t request_ask_at_leisure(struct router *r, struct bus_peer *answerer, reply_fn *fn, void *arg);
/* A part of the answer has come: its time begins anew. */
void request_heard(struct request *q);
/* Gives the answer to whoever asked: fn, or a CTL_END. */
void request_answer(struct router *r, struct request *q, const struct reply *reply);

/* The open request of that number, if it is this peer's to answer. */
struct request *request_find(struct router *r, uint64_t id, const struct bus_peer *answerer);
void request_close(struct router *r, struct request *q);

#endif
