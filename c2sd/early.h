/*
 * early - what a client may ask before it has logged in: registration (XEP-0077) and the log-in of
 * old clients (XEP-0078)
 */
#ifndef C2SD_EARLY_H
#define C2SD_EARLY_H

#include "c2sd/client.h"
#include "c2sd/states.h"
#include "xmpp/tree.h"

struct early_request {
	struct str id;
	bool set; /* or get */
	const struct tree_node *query;
};

state_fn early_stanza;

/* "log in first" */
void early_refuse(struct client *c);

/* The text of a child of the query; absent without. */
struct str early_field(const struct early_request *r, const char *name);

/* Keeps the request's id, until it is answered by early_done() or early_failed(), which also bring
 * the client back to where it may log in. */
void early_begin(struct client *c, const struct early_request *r, enum client_state state);
void early_done(struct client *c);
void early_failed(struct client *c, unsigned condition, struct str text);

#endif
