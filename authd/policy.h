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
	struct offer able;  /* what can be checked of an account that has all keys */
	struct offer offer; /* what can be checked of every account */
	unsigned lack;	    /* for which hashes some have no keys: set of 1 << enum scram_hash */
};

struct policy {
	struct policy_domain *domains;
	size_t ndomains;
	struct throttle_limits limits;
	uint32_t iterations;
	bool export_keys;
	struct secrets secrets;
};

/* tickets: Kerberos' can be taken.  0 or BH_ECONFIG with a line in *what.  The caller owns *out until policy_fini(). */
int policy_load(const struct conf *conf, bool tickets, struct policy *out, char *what, size_t what_size);
void policy_fini(struct policy *policy);

/* NULL: it is not served. */
const struct policy_domain *policy_domain(const struct policy *policy, struct str domain);
/* Some accounts of the domain lack keys for these hashes, so that their users could not log in by them: they are not
 * offered while that is so, unless nothing else would be left.  true: the offer has changed. */
bool policy_set_lack(struct policy *policy, struct str domain, unsigned lack);
/* Which directory holds its accounts; NULL: none does. */
const char *policy_directory(const struct policy *policy, struct str domain);

#endif
