/*
 * inspect - a directory looked at one server and one step at a time, for those who want to know what is wrong
 */
#ifndef DIRECTORY_INSPECT_H
#define DIRECTORY_INSPECT_H

#include "directory/connection.h"

/* As dirconn_open(), with that server alone. */
int inspect_open(struct directory *d, size_t server, struct dirconn **out, char *why);

/* Connected, up to where TLS begins: the connection is good for nothing but a handshake on fd, which is its own.
 * *fd is -1 where there is none (ldapi://, or in the clear).  Errors as above. */
int inspect_open_bare(struct directory *d, size_t server, struct dirconn **out, int *fd, char *why);

/* The host in its URL, which its certificate must name; the caller frees it. */
char *inspect_host(const struct directory *d, size_t server);

enum inspect_attribute { ATTRIBUTE_SEEN, ATTRIBUTE_HIDDEN, ATTRIBUTE_UNKNOWN };
/* May we see that attribute of that entry, which need not have it?  Found out by comparing it with something (RFC 4511
 * 4.10): a right that is part of the one to read.  UNKNOWN: the directory has no such attribute. */
int inspect_attribute(
	struct dirconn *c, const char *dn, const char *attribute, enum inspect_attribute *out, char *why);

#endif
