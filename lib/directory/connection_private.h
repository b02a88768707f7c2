/*
 * connection_private - a connection's inside; lib/directory only
 */
#ifndef DIRECTORY_CONNECTION_PRIVATE_H
#define DIRECTORY_CONNECTION_PRIVATE_H

#include <ldap.h>

#include "directory/connection.h"

struct dirconn {
	struct directory *directory;
	size_t server;
	LDAP *ld;
	int fd; /* of ld */
	uint64_t opened_ms;
};

/* A sentence about a code of libldap's. */
void dirconn_say(const struct dirconn *c, const char *what, int code, char *why);
/* The code as one of ours. */
int dirconn_error(int code);

#endif
