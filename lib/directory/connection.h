/*
 * connection - one connection to a directory, of one thread
 *
 * Every call blocks, for the directory's timeout at most.  After BH_EIO or BH_ETIMEOUT the connection is of no more
 * use: it is closed, and another is opened.
 */
#ifndef DIRECTORY_CONNECTION_H
#define DIRECTORY_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "directory/directory.h"
#include "directory/entry.h"

struct dirconn;

enum { DIRCONN_WHY_SIZE = 320 };

/* Connects to the server that is due, and says who we are there (login), or nothing, for dirconn_verify().
 * 0; BH_EIO or BH_ETIMEOUT: no server answers; BH_EDENIED: it does not know us. */
int dirconn_open(struct directory *d, bool login, struct dirconn **out, char *why);
void dirconn_close(struct dirconn **c);

/* Its URL. */
const char *dirconn_server(const struct dirconn *c);
const struct directory *dirconn_directory(const struct dirconn *c);
/* A server that is preferred to this one may work again: time to open another connection. */
bool dirconn_is_second_best(const struct dirconn *c);

struct dirsearch {
	const char *base;
	bool subtree; /* else that entry alone */
	const char *filter;
	const char *const *attributes; /* NULL-terminated */
	unsigned limit;		       /* entries; 0: none */
	bool foreign;		       /* somebody else chose base: where it is none, nothing is found */
	/* Of paged.h: */
	bool exists;		 /* it is an error where base does not */
	bool (*over)(void *arg); /* asked between pages: is that to end?  May be NULL. */
};
typedef void dirsearch_fn(void *arg, const struct direntry *entry);
/* 0 also where nothing is found (each is not called), or base does not exist. */
int dirconn_search(struct dirconn *c, const struct dirsearch *s, dirsearch_fn *each, void *arg, char *why);

/* What a directory says to a password (draft-behera-ldap-password-policy). */
enum dirverdict {
	PASSWORD_GOOD,
	PASSWORD_WRONG,
	PASSWORD_EXPIRED,
	PASSWORD_MUST_CHANGE, /* it is right, and good for nothing but a change */
	ACCOUNT_LOCKED,
};
struct dirpassword {
	enum dirverdict verdict;
	/* What it warns of; -1 where it does not. */
	int expires_s;	/* until then the password is good */
	int grace_left; /* it has expired, and is good for so many log-ins more */
};
/* The connection is somebody else's from now on: it is used for this alone.  password is not empty (RFC 4513 5.1.2). */
int dirconn_verify(struct dirconn *c, const char *dn, struct str password, struct dirpassword *out, char *why);

/* Gives the entry another password (RFC 3062).  0, as above, or BH_EINVAL: the directory does not want that one. */
int dirconn_set_password(struct dirconn *c, const char *dn, struct str password, char *why);

#endif
