/*
 * accounts - the accounts of this server and the keys of their passwords
 *
 * Reading is done on the loop: one row by its key.  Changes take the long way: keys are derived
 * on threads, then written by a thread of their own in groups (5 ms or 256 rows), in the order in
 * which they were asked for, and answered after the commit.
 */
#ifndef AUTHD_ACCOUNTS_H
#define AUTHD_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "authd/derive.h"
#include "authd/keys.h"
#include "base/list.h"
#include "base/mac.h"
#include "base/str.h"
#include "bus/codes.h"

struct accounts;

enum { ACCOUNT_REASON_SIZE = 257 };

struct account_record {
	uint64_t generation;
	int64_t created;
	bool disabled;
	char reason[ACCOUNT_REASON_SIZE]; /* of that, or empty */
	struct account_keys keys;
};

/* ACCOUNT_PUT.how, and: */
enum {
	ACCOUNT_REMOVE = 0,
	ACCOUNT_DISABLE = 16,
	ACCOUNT_ENABLE = 17,
	ACCOUNT_PURGE = 18,	 /* removed, and no trace of it stays in the files */
	ACCOUNT_STRENGTHEN = 19, /* gets the keys that it lacks; it is the same account with the same password */
	ACCOUNT_IMPORT_DISABLED = 20, /* ACCOUNT_IMPORT and ACCOUNT_DISABLE, as one change */
};

/* One change on its way through the writer. */
struct account_write {
	struct list link;
	int how;	    /* one of these, or an enum account_put */
	char *account;	    /* bare JID, prepared */
	char *reason;	    /* of what disables; or NULL */
	struct account_keys keys;
	int rc;		    /* 0, BH_EEXIST, BH_ENOTFOUND, BH_EIO */
	uint64_t request;   /* routerd's, that it comes of; or 0 */
	uint64_t generation; /* of ACCOUNT_STRENGTHEN the one that it must have; after it */
	unsigned change;    /* enum account_change; 0: nobody needs to know */
};

/* One row of a listing; texts are borrowed. */
struct account_row {
	struct str account;
	int64_t created;
	bool disabled;
	struct str reason;
	unsigned lack; /* as account_keys_lack() */
	uint64_t generation;
	unsigned change; /* in accounts_changes() only */
};

/* Where a listing stands and what it is of; start with zeroes and the wishes. */
struct account_page {
	const char *domain; /* NULL: all */
	int64_t since;	    /* accounts_changes(): seconds since 1970 */
	void (*visit)(void *arg, const struct account_row *row);
	void *arg;
	bool end; /* there is no more */
	char after_domain[1024], after_account[2048];
};

enum { ACCOUNT_PAGE_ROWS = 256 };

struct accounts_spec {
	uv_loop_t *loop;
	struct derive *derive;
	const char *dir;
	uint32_t iterations; /* of new passwords */
	/* A change was committed, whose change may be 0; before the answer to who asked for it. */
	void (*on_change)(void *owner, const struct account_write *change);
	void *owner;
};

/* On an error *what says why. */
int accounts_open(const struct accounts_spec *spec, struct accounts **out, char *what,
	size_t what_size);
void accounts_set_iterations(struct accounts *a, uint32_t iterations);

/* Commits what is derived already and answers the rest with BH_ECLOSED; then done is called. */
void accounts_close(struct accounts **a, void (*done)(void *), void *arg);

/* 0, BH_ENOTFOUND, or BH_EIO, which is logged. */
int accounts_find(struct accounts *a, struct str account, struct account_record *out);

/* For which hashes an account of the domain lacks keys: set of 1 << enum scram_hash.  0 where the store fails. */
unsigned accounts_lack(struct accounts *a, struct str domain);

/* What an account that does not exist would have: the salt is always the same one, the keys fit
 * no password (attacks.md, S19).  Length of salt and iterations are those of an account of the domain whose name is near:
 * accounts that came from other servers have others than ours.  Of the salt all SCRAM_SALT_MAX bytes are set, for who
 * needs a longer one. */
void accounts_pretend(const struct accounts *a, struct str account, struct account_keys *out);

/* A change of one account; account is a prepared bare JID.  done is called exactly once, on the
 * loop: 0, BH_EEXIST, BH_ENOTFOUND, BH_EINVAL (a password that SASLprep refuses), BH_EIO,
 * BH_ECRYPTO, BH_ECLOSED. */
struct account_order {
	int how; /* as in struct account_write */
	struct str account;
	struct str password; /* wherever keys are needed, but not given: */
	const struct account_keys *keys;
	struct str reason;   /* of what disables, for its user; may be absent */
	uint64_t generation; /* of ACCOUNT_STRENGTHEN */
	uint64_t request;    /* routerd's, that it comes of; or 0 */
	void (*done)(void *arg, int rc);
	void *arg;
};
/* 0, BH_EINVAL, or BH_EBUSY when too much is under way; then done is not called. */
int accounts_change(struct accounts *a, const struct account_order *order);

/* The next rows, in the order of domain and account. */
int accounts_page(struct accounts *a, struct account_page *page);
/* The last change of each account that changed at or after page->since. */
int accounts_changes(struct accounts *a, struct account_page *page);

#endif
