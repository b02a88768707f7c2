/* The set of our domains. */
#include "routerd/domains.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/list.h"
#include "xmpp/jid.h"

static const char *const settings[DOMAIN_CONTACTS] = {
	"contact_abuse", "contact_admin", "contact_feedback", "contact_sales", "contact_security",
	"contact_support",
};

const char *const domain_contact_vars[DOMAIN_CONTACTS] = {
	"abuse-addresses", "admin-addresses", "feedback-addresses", "sales-addresses",
	"security-addresses", "support-addresses",
};

static void take_contacts(struct domain *d, const struct conf *conf, size_t domain, size_t which)
{
	struct domain_contact *c = &d->contacts[which];
	size_t n = conf_domain_list_size(conf, domain, settings[which]);

	if (n == 0)
		return;
	c->addresses = bh_alloc(n * sizeof *c->addresses);
	for (; c->n < n; c->n++)
		c->addresses[c->n] = bh_strdup(
			conf_domain_list_item(conf, domain, settings[which], c->n));
}

/* Those that are none were found when the configuration was read. */
static void take_admins(struct domain *d, const struct conf *conf, size_t domain)
{
	char text[JID_MAX + 1];
	struct jid jid;

	for (size_t i = 0; i < conf_domain_list_size(conf, domain, "admins"); i++)
		if (jid_prepare(str_of(conf_domain_list_item(conf, domain, "admins", i)), text, &jid) == 0)
			ptrs_add(&d->admins, bh_strndup(jid.bare.p, jid.bare.len));
}

static int add(struct map *domains, const struct conf *conf, size_t i)
{
	const char *name = conf_domain_name(conf, i);
	struct domain *d;

	if (map_find(domains, name, strlen(name)) != NULL)
		return 0;
	d = bh_alloc(sizeof *d);
	d->name = bh_strdup(name);
	d->federates = strcmp(conf_domain_text(conf, i, "s2s"), "off") != 0;
	d->by_role = strcmp(conf_domain_text(conf, i, "federation"), "role") == 0;
	take_admins(d, conf, i);
	for (size_t k = 0; k < DOMAIN_CONTACTS; k++)
		take_contacts(d, conf, i, k);
	domain_directory_read(&d->directory, conf, i);
	return map_add(domains, &d->node, d->name, strlen(name));
}

int domains_set(struct map *domains, const struct conf *conf)
{
	domains_free(domains);
	for (size_t i = 0; i < conf_domains(conf); i++)
		if (add(domains, conf, i) != 0)
			return BH_ENOMEM;
	return 0;
}

static void drop(struct domain *d)
{
	for (size_t k = 0; k < DOMAIN_CONTACTS; k++) {
		for (size_t i = 0; i < d->contacts[k].n; i++)
			free(d->contacts[k].addresses[i]);
		free(d->contacts[k].addresses);
	}
	for (uint32_t i = 0; i < d->admins.n; i++)
		free(d->admins.of[i]);
	ptrs_fini(&d->admins);
	domain_directory_fini(&d->directory);
	free(d->name);
	free(d);
}

void domains_free(struct map *domains)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, domains);
	while ((n = map_walk_next(&walk)) != NULL)
		drop(container_of(n, struct domain, node));
	map_fini(domains);
	*domains = MAP_INIT;
}

struct domain *domain_find(const struct map *domains, struct str name)
{
	struct map_node *n = map_find(domains, name.p, name.len);

	return n != NULL ? container_of(n, struct domain, node) : NULL;
}

bool domains_have(const struct map *domains, struct str name)
{
	return map_find(domains, name.p, name.len) != NULL;
}

bool domains_have_directories(const struct map *domains)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, domains);
	while ((n = map_walk_next(&walk)) != NULL)
		if (container_of(n, struct domain, node)->directory.name != NULL)
			return true;
	return false;
}

bool domains_in_directory(const struct map *domains, struct str account, struct jid *jid)
{
	const struct domain *d;

	if (jid_check(account, jid) != 0 || jid->local.p == NULL || jid->resource.p != NULL)
		return false;
	d = domain_find(domains, jid->domain);
	return d != NULL && d->directory.name != NULL;
}
