/*
 * conf_private - what a struct conf is made of
 */
#ifndef BH_CONF_PRIVATE_H
#define BH_CONF_PRIVATE_H

#include "base/buf.h"
#include "conf/conf.h"
#include "conf/value.h"

enum { DOMAIN_SETTINGS = 2 }; /* those of the section "domain", which are the last in the table */

struct conf_domain {
	char *name;
	struct value values[DOMAIN_SETTINGS];
};

struct conf {
	char *folder;
	struct value *values; /* in the order of settings[] */
	struct conf_domain *domains;
	size_t ndomains;
	char **instances;
	size_t ninstances;
};

/* The first of the domain's settings in the table. */
size_t conf_domain_first(void);

/* Adds all of a file.  0, BH_ETOOBIG, BH_ENOMEM or -errno. */
int conf_read_file(const char *path, struct buf *out);

#endif
