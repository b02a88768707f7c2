/*
 * requests - what an administrator asked for and another process answers
 *
 * The number that the answerer sees is minted here, so that no two askers can meet.
 */
#ifndef ROUTERD_REQUESTS_H
#define ROUTERD_REQUESTS_H

#include "bus/server.h"
#include "routerd/router.h"

struct request {
	struct map_node node;
	uint64_t id;		  /* the key: the subject towards the answerer */
	struct bus_peer *asker;
	uint64_t subject;	  /* the asker's own number for it */
	struct bus_peer *answerer;
};

struct requests *requests_create(void);
void requests_free(struct requests **all);

/* A peer is gone, asker or answerer: its requests end. */
void requests_lost(struct router *r, const struct bus_peer *peer);

/* An authd to ask; NULL when none is there.  They take turns. */
struct bus_peer *requests_authd(struct router *r);

/* 0 without memory. */
uint64_t request_open(struct router *r, struct bus_peer *asker, uint64_t subject,
	struct bus_peer *answerer);
/* The open request of that number, if it is this peer's to answer. */
struct request *request_find(struct router *r, uint64_t id, const struct bus_peer *answerer);
void request_close(struct router *r, struct request *q);

#endif
