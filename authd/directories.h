/*
 * directories - the directories that hold accounts, asked on threads of their own
 *
 * Each directory has as many threads as it may have connections; what one of them waits for holds up nobody of another
 * directory, and no account of authd's own.  Answers come from the loop.
 */
#ifndef AUTHD_DIRECTORIES_H
#define AUTHD_DIRECTORIES_H

#include <stdbool.h>
#include <uv.h>

#include "authd/keys.h"
#include "base/str.h"
#include "conf/conf.h"
#include "directory/connection.h"
#include "xmpp/jid.h"

struct directories;
struct dirjob;

/* What a directory says. */
struct dirjob_result {
	/* 0, or BH_EIO, BH_ETIMEOUT, BH_EDENIED: it could not be asked, why says how; BH_EINVAL: it does not want that
	 * password */
	int rc;
	bool found;  /* there is just one such entry */
	bool locked; /* which says that it may not be used */
	struct dirpassword password; /* of DIRJOB_VERIFY */
	/* Of DIRJOB_KEYS: */
	unsigned hashes; /* whose keys it has: set of 1 << enum scram_hash */
	struct account_keys keys;
	bool must_change; /* the password that they are of */
	/* Of DIRJOB_CERTIFICATE: whose it is, prepared. */
	char local[JID_PART_MAX + 1];
	char why[DIRCONN_WHY_SIZE];
};

enum dirjob_kind {
	DIRJOB_FIND,	    /* is there such an account? */
	DIRJOB_VERIFY,	    /* and is that its password? */
	DIRJOB_CHANGE,	    /* and gives it that password */
	DIRJOB_KEYS,	    /* and what are its SCRAM keys? */
	DIRJOB_CERTIFICATE, /* whose certificate is that? */
};

struct dirjob_order {
	enum dirjob_kind kind;
	struct str name; /* the account's local part, prepared; of a certificate what directories_certificate() wants */
	struct str password;
	/* result is borrowed, and wiped after the call. */
	void (*done)(void *arg, const struct dirjob_result *result);
	void *arg;
};

/* Reads the sections directory "..." of the configuration: nothing is connected yet.  0 or BH_ECONFIG. */
int directories_load(const struct conf *conf, struct directories **out, char *what, size_t size);
/* Where the configuration has none. */
struct directories *directories_none(void);
/* One that was never started. */
void directories_discard(struct directories **d);
/* Starts the threads. */
void directories_start(struct directories *d, uv_loop_t *loop);
/* Nobody is called any more; freed, and done called (which may be NULL), when the threads have ended. */
void directories_stop(struct directories **d, void (*done)(void *arg), void *arg);

/* May passwords be changed there? */
bool directories_take_passwords(const struct directories *d, const char *name);
/* By what its certificates are known. */
enum directory_certificate directories_certificate(const struct directories *d, const char *name);
/* Gives the keys of an account that does not exist the salt's length and the iterations of one that does, as the
 * first that was seen since the start had them. */
void directories_pretend(const struct directories *d, const char *name, struct account_keys *keys);
/* 0; BH_EBUSY: too much waits; BH_ENOTFOUND: there is no directory of that name. */
int directories_ask(struct directories *d, const char *name, const struct dirjob_order *order, struct dirjob **job);
/* done is not called any more.  NULL is none. */
void dirjob_cancel(struct dirjob **job);

#endif
