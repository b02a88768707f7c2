/*
 * paged - all entries, however many, page by page (RFC 2696)
 */
#ifndef DIRECTORY_PAGED_H
#define DIRECTORY_PAGED_H

#include <stdbool.h>

#include "directory/connection.h"

struct dirlisting {
	struct dirsearch search; /* its limit is not looked at */
	dirsearch_fn *each;
	bool (*over)(void *arg); /* asked now and then: is that to end?  May be NULL. */
	void *arg;
};

/* 0 when each has been called for all of them, or when it is over.  Else as dirconn_search(), but that a base that does not
 * exist, and a limit of the server's that is too low, are errors: then not all have been seen. */
int dirconn_list(struct dirconn *c, const struct dirlisting *l, char *why);

#endif
