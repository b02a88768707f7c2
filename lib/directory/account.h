/*
 * account - an account in a directory: finding its entry, and checking its password
 *
 * For one thread.  It keeps two connections, one that searches and one that passwords are tried on; one that has
 * broken is opened anew, once, before anything is said to be wrong.
 */
#ifndef DIRECTORY_ACCOUNT_H
#define DIRECTORY_ACCOUNT_H

#include <stdbool.h>

#include "directory/connection.h"

struct account_search;

struct found_account {
	char *dn; /* NULL: there is no such account, or more than one entry is of that name */
	bool locked;
};

struct account_search *account_search_create(struct directory *d);
void account_search_free(struct account_search **s);

/* 0, BH_EIO, BH_ETIMEOUT or BH_EDENIED, with a sentence in why (DIRCONN_WHY_SIZE).  found_account_fini() after 0. */
int account_search_find(struct account_search *s, struct str local, struct found_account *out, char *why);
int account_search_verify(
	struct account_search *s, const char *dn, struct str password, enum dirverdict *verdict, char *why);
/* Gives it another password, where the directory's settings allow that; BH_EINVAL: it does not want that one. */
int account_search_set_password(struct account_search *s, const char *dn, struct str password, char *why);
void found_account_fini(struct found_account *a);

#endif
