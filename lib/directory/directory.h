/*
 * directory - an LDAP directory: which servers, who asks, and where accounts are in it
 *
 * Made from a section directory "..." of the configuration; it never changes, but for what it knows of its servers,
 * and is counted: threads and connections (connection.h) hold it while they use it.
 */
#ifndef DIRECTORY_DIRECTORY_H
#define DIRECTORY_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "directory/schema.h"

enum directory_bind { BIND_ANONYMOUS, BIND_SIMPLE, BIND_EXTERNAL, BIND_GSSAPI };

/* What of a client's certificate says whose it is; the names that the configuration has for it. */
enum directory_certificate { CERTIFICATE_ADDRESS, CERTIFICATE_MAIL, CERTIFICATE_SUBJECT, CERTIFICATE_EXACT };

enum directory_follow { FOLLOW_AUTO, FOLLOW_SYNC, FOLLOW_POLL };

struct directory_servers;

struct directory {
	char *name;
	char **servers; /* URLs, in the order of preference */
	size_t nservers;
	bool start_tls; /* on ldap:// */
	bool insecure;	/* passwords may go in the clear */
	char *ca;	/* file, or NULL: the system's */
	enum directory_bind bind;
	char *bind_dn, *bind_password, *keytab;
	char *base, *filter, *user; /* where accounts are, which entries are, the attribute of their local part */
	struct schema schema;
	enum directory_follow follow;
	unsigned poll_s, poll_all_s; /* how often it is asked what has changed, and for everything */
	unsigned brake;		     /* per cent of the accounts that may vanish at once; 0: all */
	int64_t keep_s;		     /* for which data of an account that has gone are kept */
	bool password_change; /* we may give an account another one */
	bool scram;	      /* its keys may be read */
	enum directory_certificate certificate;
	unsigned timeout_ms; /* of one request */
	unsigned connections;
	unsigned asking; /* threads that ask Kerberos, right now */
	struct directory_servers *state;
	unsigned refs;
};

/* The i-th of the configuration.  0, or BH_ECONFIG with a sentence in what. */
int directory_load(const struct conf *conf, size_t i, struct directory **out, char *what, size_t size);
struct directory *directory_ref(struct directory *d);
void directory_unref(struct directory **d);

/* Where to connect next: the first that has not failed lately, or, where all have, the one that failed first. */
size_t directory_server(struct directory *d);
void directory_server_failed(struct directory *d, size_t server);
void directory_server_works(struct directory *d, size_t server);

/* Threads that may wait for Kerberos for long: not more than the directory has connections.  false: there are as many. */
bool directory_asks(struct directory *d);
void directory_asked(struct directory *d);

#endif
