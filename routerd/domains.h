/*
 * domains - the domains that this server is
 */
#ifndef ROUTERD_DOMAINS_H
#define ROUTERD_DOMAINS_H

#include "base/map.h"
#include "base/str.h"
#include "conf/conf.h"

struct domain {
	struct map_node node;
	char *name;
};

/* Makes the map what the configuration says.  0 or BH_ENOMEM. */
int domains_set(struct map *domains, const struct conf *conf);
void domains_free(struct map *domains);
bool domains_have(const struct map *domains, struct str name);

#endif
