/*
 * disco - service discovery (XEP-0030): what the server and an account say of themselves
 */
#ifndef ROUTERD_DISCO_H
#define ROUTERD_DISCO_H

#include "routerd/services.h"

struct domain;

service_fn disco_info, disco_items;

/* Of whom something is advertised: a domain of ours, or an account (then domain is NULL). */
struct disco_subject {
	const struct router *router;
	const struct domain *domain;
};
typedef void disco_fn(void *arg, const char *text);

/* Calls each(arg, var) for its features. */
void disco_features(const struct disco_subject *of, disco_fn *each, void *arg);
/* Calls each(arg, "category/type//name") for its identities (XEP-0115 5.1). */
void disco_identities(const struct disco_subject *of, disco_fn *each, void *arg);

#endif
