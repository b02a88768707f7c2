/* Domains and components. */
#include "s2sd/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "s2sd/s2sd.h"

static enum policy_kind kind_of(const char *text)
{
	if (strcmp(text, "off") == 0)
		return POLICY_OFF;
	return strcmp(text, "dialback") == 0 ? POLICY_DIALBACK : POLICY_SECURE;
}

static int add(struct s2sd *srv, const char *domain, const char *kind, bool certificate)
{
	struct policy *p = bh_alloc(sizeof *p);

	p->domain = bh_strdup(domain);
	p->kind = kind_of(kind);
	p->certificate = certificate;
	return map_add(&srv->policies, &p->node, p->domain, strlen(p->domain));
}

int policies_set(struct s2sd *srv, const struct conf *conf)
{
	int rc = 0;

	policies_free(srv);
	for (size_t i = 0; rc == 0 && i < conf_domains(conf); i++)
		rc = add(srv, conf_domain_name(conf, i), conf_domain_text(conf, i, "s2s"), true);
	for (size_t i = 0; rc == 0 && i < conf_components(conf); i++)
		rc = add(srv, conf_component_name(conf, i), conf_component_text(conf, i, "s2s"), false);
	return rc;
}

void policies_free(struct s2sd *srv)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &srv->policies);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct policy *p = container_of(n, struct policy, node);

		map_remove(&srv->policies, &p->node);
		free(p->domain);
		free(p);
	}
	map_fini(&srv->policies);
	srv->policies = MAP_INIT;
}

const struct policy *policy_of(const struct s2sd *srv, struct str domain)
{
	struct map_node *n = map_find(&srv->policies, domain.p, domain.len);
	const struct policy *p = n != NULL ? container_of(n, struct policy, node) : NULL;

	return p != NULL && p->kind != POLICY_OFF ? p : NULL;
}
