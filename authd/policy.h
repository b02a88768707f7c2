/*
 * policy - what the configuration says about logging in
 */
#ifndef AUTHD_POLICY_H
#define AUTHD_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "authd/mechanism.h"
#include "authd/secrets.h"
#include "authd/throttle.h"
#include "conf/conf.h"

struct policy_domain {
	char *name;	 /* canonical */
	char *directory; /* that holds its accounts; NULL: we do */
	char *realm;	 /* whose users may come with tickets; NULL: none */
	struct offer offer; /* what can be checked */
};

struct policy {
	struct policy_domain *domains;
	size_t ndomains;
	struct throttle_limits limits;
	uint32_t iterations;
	struct secrets secrets;
};

/* tickets: Kerberos' can be taken.  0 or BH_ECONFIG with a line in *what.  The caller owns *out until policy_fini(). */
int policy_load(const struct conf *conf, bool tickets, struct policy *out, char *what, size_t what_size);
void policy_fini(struct policy *policy);

/* NULL: it is not served. */
const struct policy_domain *policy_domain(const struct policy *policy, struct str domain);
/* Which directory holds its accounts; NULL: none does. */
const char *policy_directory(const struct policy *policy, struct str domain);

#endif
