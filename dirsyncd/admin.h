/*
 * admin - what administrators ask of dirsyncd
 *
 * ldap.status, ldap.sync and user.list are answered at once; ldap.test, ldap.explain and ldap.diff ask the directory
 * (job.h).
 */
#ifndef DIRSYNCD_ADMIN_H
#define DIRSYNCD_ADMIN_H

#include "dirsyncd/answer.h"
#include "dirsyncd/progress.h"

bus_handler_fn on_ctl_request;

/* A row of ldap.status. */
struct admin_part {
	const char *directory, *part; /* "people" */
	const struct progress *progress;
	size_t entries, held;
};
void admin_status_row(struct answer *a, const struct admin_part *p);

#endif
