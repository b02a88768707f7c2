/*
 * check - trying a directory: what each step finds, and what to change
 *
 * Every finding is a row.  A problem makes the check fail; a warning does not.
 */
#ifndef CTL_CHECK_H
#define CTL_CHECK_H

#include <stdbool.h>

#include "conf/conf.h"
#include "ctl/result.h"
#include "directory/connection.h"
#include "net/tls_finding.h"

enum finding { FOUND_OK, FOUND_WARNING, FOUND_PROBLEM };

/* "ok", "warning", "problem".  check/all.c */
const char *finding_name(enum finding finding);
/* That of a certificate. */
enum finding finding_of(enum tls_weight weight);

struct check {
	const struct conf *conf;
	size_t i;		     /* the directory in it */
	struct directory *directory; /* NULL: its settings are wrong */
	size_t server;
	struct dirconn *connection; /* to that, by our own account there; NULL: there is none */
	bool quiet;		    /* what is as it should be is no row */
	struct result rows;
	struct findings *into; /* of bulkheadctl check, in place of rows; or NULL */
	unsigned problems, warnings;
};

/* A row: what was looked at, and a sentence. */
void check_say(struct check *k, enum finding finding, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Makes check->connection, where it can.  check_server.c */
void check_server(struct check *k);
/* What is in the directory, over that.  check_accounts.c, check_groups.c */
void check_accounts(struct check *k);
void check_groups(struct check *k);

/* A setting of the directory; NULL where it is empty. */
const char *check_text(const struct check *k, const char *setting);
/* Who we are there, for sentences. */
const char *check_who(const struct check *k);
/* false, and a row: there is no such entry that we may see. */
bool check_base(struct check *k, const char *setting, const char *dn);

#endif
