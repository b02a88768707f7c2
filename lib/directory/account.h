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

enum { ACCOUNT_KEYS_MAX = 8, ACCOUNT_KEY_SIZE_MAX = 512 };

struct found_account {
	char *dn;   /* NULL: there is no such account, or more than one entry is of that name */
	char *name; /* what its user attribute says, in the directory's own spelling */
	bool locked;
	/* Where keys were asked for: values of authPassword and userPassword that may be SCRAM keys. */
	char *keys[ACCOUNT_KEYS_MAX];
	unsigned nkeys;
	bool must_change; /* the password they are of is good for nothing but a change */
};

struct account_search *account_search_create(struct directory *d);
void account_search_free(struct account_search **s);

/* 0, BH_EIO, BH_ETIMEOUT or BH_EDENIED, with a sentence in why (DIRCONN_WHY_SIZE).  found_account_fini() after 0. */
int account_search_find(struct account_search *s, struct str local, bool keys, struct found_account *out, char *why);
/* Whose the certificate is.  what: the e-mail address, the subject or the DER, as the directory's setting `certificate`
 * says; it stands in a certificate that was verified, and may be anything all the same.  The entry may be outside of
 * what accounts are: find it again by its name. */
int account_search_find_certificate(struct account_search *s, struct str what, struct found_account *out, char *why);

int account_search_verify(
	struct account_search *s, const char *dn, struct str password, struct dirpassword *out, char *why);
/* Gives it another password, where the directory's settings allow that; BH_EINVAL: it does not want that one. */
int account_search_set_password(struct account_search *s, const char *dn, struct str password, char *why);
void found_account_fini(struct found_account *a);

#endif
