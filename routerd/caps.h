/*
 * caps - the hash of a domain's disco#info (XEP-0115)
 *
 * Streams advertise the hash; c2sd is told it by DOMAIN_CAPS.
 */
#ifndef ROUTERD_CAPS_H
#define ROUTERD_CAPS_H

#include "base/buf.h"
#include "routerd/front.h"
#include "routerd/router.h"

/* An entry of a disco form: one variable, its values. */
struct caps_field {
	const char *var;
	const char *const *values;
	size_t nvalues;
};

/* What is hashed.  An identity is "category/type/lang/name"; all in any order. */
struct caps_input {
	const char *const *identities;
	size_t nidentities;
	const char *const *features;
	size_t nfeatures;
	const char *form_type; /* or NULL: no form */
	const struct caps_field *fields;
	size_t nfields;
};

enum { CAPS_VER_SIZE = 29 };
/* Base64 of the SHA-1 of XEP-0115 5.1.  0 or BH_ENOMEM. */
int caps_hash(const struct caps_input *input, char ver[CAPS_VER_SIZE]);

/* Computes the hashes of all domains, and tells every c2sd.  0 or BH_ENOMEM. */
int caps_set(struct router *r);
/* Tells a c2sd that has just come. */
void caps_tell(struct router *r, struct front *front);

#endif
