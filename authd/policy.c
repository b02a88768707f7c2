/* The settings of authd, checked and in the form that it uses. */
#include "authd/policy.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"

static int load_offer(const struct conf *conf, struct offer *offer, char *what, size_t size)
{
	if (conf_bool(conf, "authd.external"))
		offer_add(offer, STR_LIT("EXTERNAL"));
	for (size_t i = 0; i < conf_list_size(conf, "authd.mechanisms"); i++) {
		const char *name = conf_list_item(conf, "authd.mechanisms", i);

		if (offer_add(offer, str_of(name)) == BH_ENOTFOUND) {
			snprintf(what, size, "authd.mechanisms: \"%s\" is not a mechanism that "
				"authd knows (SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-256, "
				"SCRAM-SHA-1, PLAIN)", name);
			return BH_ECONFIG;
		}
	}
	if (offer->n > 0)
		return 0;
	snprintf(what, size, "authd.mechanisms is empty: nobody could log in");
	return BH_ECONFIG;
}

/* A directory tells nobody its passwords: what proves one without saying it is left out. */
static int load_domain(const struct conf *conf, size_t i, struct policy *p, char *what, size_t size)
{
	const char *directory = conf_domain_text(conf, i, "directory");
	struct policy_domain *d = &p->domains[i];

	d->name = bh_strdup(conf_domain_name(conf, i));
	if (directory == NULL || *directory == '\0')
		return 0;
	d->directory = bh_strdup(directory);
	for (size_t k = 0; k < p->offer.n; k++)
		if (p->offer.of[k] == &mechanism_plain || p->offer.of[k] == &mechanism_external)
			d->narrow.of[d->narrow.n++] = p->offer.of[k];
	if (d->narrow.n > 0)
		return 0;
	snprintf(what, size, "authd.mechanisms lacks PLAIN: nobody could log in to %s, whose accounts are in a "
		"directory", d->name);
	return BH_ECONFIG;
}

int policy_load(const struct conf *conf, struct policy *out, char *what, size_t what_size)
{
	struct policy p = {0};
	int rc = load_offer(conf, &p.offer, what, what_size);

	if (rc < 0)
		return rc;
	p.limits.per_account = (uint32_t)conf_number(conf, "authd.guess_limit");
	p.limits.per_address = (uint32_t)conf_number(conf, "authd.address_limit");
	p.limits.window_ms = (uint64_t)conf_number(conf, "authd.guess_window") * 1000;
	p.iterations = (uint32_t)conf_number(conf, "authd.iterations");
	p.ndomains = conf_domains(conf);
	p.domains = bh_alloc((p.ndomains + 1) * sizeof(*p.domains));
	for (size_t i = 0; i < p.ndomains && rc == 0; i++)
		rc = load_domain(conf, i, &p, what, what_size);
	secrets_load(conf, &p.secrets);
	if (rc == 0)
		*out = p;
	else
		policy_fini(&p);
	return rc;
}

void policy_fini(struct policy *policy)
{
	for (size_t i = 0; i < policy->ndomains; i++) {
		free(policy->domains[i].name);
		free(policy->domains[i].directory);
	}
	free(policy->domains);
	secrets_fini(&policy->secrets);
	*policy = (struct policy){0};
}

const struct policy_domain *policy_domain(const struct policy *policy, struct str domain)
{
	for (size_t i = 0; i < policy->ndomains; i++) {
		if (str_is(domain, policy->domains[i].name))
			return &policy->domains[i];
	}
	return NULL;
}

const struct offer *policy_offer(const struct policy *policy, const struct policy_domain *domain)
{
	return domain->directory != NULL ? &domain->narrow : &policy->offer;
}

const char *policy_directory(const struct policy *policy, struct str domain)
{
	const struct policy_domain *d = policy_domain(policy, domain);

	return d != NULL ? d->directory : NULL;
}
