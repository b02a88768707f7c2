/* The set of our domains. */
#include "routerd/domains.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/list.h"

static int add(struct map *domains, const char *name)
{
	struct domain *d;

	if (map_find(domains, name, strlen(name)) != NULL)
		return 0;
	d = bh_alloc(sizeof *d);
	d->name = bh_strdup(name);
	return map_add(domains, &d->node, d->name, strlen(name));
}

int domains_set(struct map *domains, const struct conf *conf)
{
	domains_free(domains);
	for (size_t i = 0; i < conf_domains(conf); i++)
		if (add(domains, conf_domain_name(conf, i)) != 0)
			return BH_ENOMEM;
	return 0;
}

void domains_free(struct map *domains)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, domains);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct domain *d = container_of(n, struct domain, node);

		free(d->name);
		free(d);
	}
	map_fini(domains);
}

bool domains_have(const struct map *domains, struct str name)
{
	return map_find(domains, name.p, name.len) != NULL;
}
