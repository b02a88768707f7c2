/*
 * paged - searches that find more than a server gives at once (RFC 2696)
 */
#ifndef DIRECTORY_PAGED_H
#define DIRECTORY_PAGED_H

#include "directory/connection.h"

/* As dirconn_search(); s->limit is of all pages together.  BH_ETOOBIG: the server gives us no more, though there is;
 * what it gave has been told. */
int dirconn_search_paged(struct dirconn *c, const struct dirsearch *s, dirsearch_fn *each, void *arg, char *why);

#endif
