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

struct policy {
	char **domains; /* canonical names */
	size_t ndomains;
	struct offer offer;
	struct throttle_limits limits;
	uint32_t iterations;
	struct secrets secrets;
};

/* 0 or BH_ECONFIG with a line in *what.  The caller owns *out until policy_fini(). */
int policy_load(const struct conf *conf, struct policy *out, char *what, size_t what_size);
void policy_fini(struct policy *policy);

bool policy_serves(const struct policy *policy, struct str domain);

#endif
