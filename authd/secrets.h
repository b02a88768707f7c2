/*
 * secrets - the secrets of external components (XEP-0114), from their files
 */
#ifndef AUTHD_SECRETS_H
#define AUTHD_SECRETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "conf/conf.h"

struct secret_entry {
	char *domain; /* canonical */
	char *secret; /* NULL where the file is none */
};

struct secrets {
	struct secret_entry *of;
	size_t n;
};

/* Reads the first line of each file.  One that cannot be used is logged, and its component cannot
 * log in: the other ones, and the users, still can. */
void secrets_load(const struct conf *conf, struct secrets *out);
/* Wipes them. */
void secrets_fini(struct secrets *s);

/* Is it a component's domain? */
bool secrets_serve(const struct secrets *s, struct str domain);
/* Empty where there is none. */
struct str secrets_find(const struct secrets *s, struct str domain);

#endif
