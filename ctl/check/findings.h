/*
 * findings - what the checks of an instance find, each a row and a sentence
 *
 * A problem makes the check fail; a warning does not.  Each check is a file of this folder, and a line of the table in
 * all.c.
 */
#ifndef CTL_CHECK_FINDINGS_H
#define CTL_CHECK_FINDINGS_H

#include "conf/conf.h"
#include "ctl/check.h"
#include "ctl/ctl.h"
#include "ctl/result.h"

struct findings {
	const struct ctl *ctl;
	const struct conf *conf;
	const char *check; /* under way */
	int argc;	   /* what was said behind its name */
	char **argv;
	struct result rows;
	unsigned problems, warnings;
};

/* What was looked at ("example.org", a file), and a sentence. */
void found(struct findings *f, enum finding finding, const char *about, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The checks.  None needs a running daemon; those that can ask one say what they could not see. */
void look_at_config(struct findings *f);
void look_at_dns(struct findings *f);
void look_at_certs(struct findings *f);
void look_at_connectivity(struct findings *f);
void look_at_permissions(struct findings *f);
void look_at_store(struct findings *f);
/* ctl/check_ldap.c */
void look_at_ldap(struct findings *f);

#endif
