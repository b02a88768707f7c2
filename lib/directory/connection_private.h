/*
 * connection_private - a connection's inside; lib/directory only
 */
#ifndef DIRECTORY_CONNECTION_PRIVATE_H
#define DIRECTORY_CONNECTION_PRIVATE_H

#include <ldap.h>

#include "directory/connection.h"
#include "directory/steps.h"

struct dirconn {
	struct directory *directory;
	size_t server;
	LDAP *ld;
	int fd; /* of ld */
	uint64_t opened_ms;
	const struct dirsteps *steps; /* NULL: nobody wants to know */
};

/* To one server, nothing done yet; as dirconn_close(). */
struct dirconn *dirconn_create(struct directory *d, size_t server);
/* Up to who we are there, or (bare) up to where TLS begins: a connection that libldap has not secured. */
int dirconn_open_server(struct dirconn *c, bool login, char *why);
int dirconn_open_bare(struct dirconn *c, bool *tls, char *why);
void dirconn_step(const struct dirconn *c, const char *step, const char *why);

/* A sentence about a code of libldap's. */
void dirconn_say(const struct dirconn *c, const char *what, int code, char *why);
/* The code as one of ours. */
int dirconn_error(int code);

#endif
