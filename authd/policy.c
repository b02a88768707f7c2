/* The settings of authd, checked and in the form that it uses. */
#include "authd/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"

/* What the administrator wants, of what proves a password. */
static int load_wishes(const struct conf *conf, struct offer *wishes, char *what, size_t size)
{
	for (size_t i = 0; i < conf_list_size(conf, "authd.mechanisms"); i++) {
		const char *name = conf_list_item(conf, "authd.mechanisms", i);

		if (strcmp(name, mechanism_gssapi.name) == 0) {
			snprintf(what, size, "authd.mechanisms: GSSAPI is not named there, but offered where authd.keytab "
				"and the domain's realm are set");
			return BH_ECONFIG;
		}
		if (offer_add(wishes, str_of(name)) == BH_ENOTFOUND) {
			snprintf(what, size, "authd.mechanisms: \"%s\" is not a mechanism that "
				"authd knows (SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-256, "
				"SCRAM-SHA-1, PLAIN)", name);
			return BH_ECONFIG;
		}
	}
	if (wishes->n > 0)
		return 0;
	snprintf(what, size, "authd.mechanisms is empty: nobody could log in");
	return BH_ECONFIG;
}

static bool has_keys(const struct conf *conf, const char *directory)
{
	for (size_t i = 0; i < conf_directories(conf); i++)
		if (strcmp(conf_directory_name(conf, i), directory) == 0)
			return conf_directory_bool(conf, i, "scram");
	return false;
}

/* A directory tells nobody its passwords: what proves one without saying it is left out, unless there are keys. */
static void load_offer(const struct conf *conf, bool tickets, const struct offer *wishes, struct policy_domain *d)
{
	bool keys = d->directory == NULL || has_keys(conf, d->directory);

	if (conf_bool(conf, "authd.external"))
		offer_add(&d->able, STR_LIT("EXTERNAL"));
	if (tickets && d->realm != NULL)
		offer_add(&d->able, STR_LIT("GSSAPI"));
	for (size_t i = 0; i < wishes->n; i++)
		if (keys || !wishes->of[i]->needs_keys)
			offer_add(&d->able, str_of(wishes->of[i]->name));
	d->offer = d->able;
}

static char *copy(const char *text)
{
	return text != NULL && *text != '\0' ? bh_strdup(text) : NULL;
}

static int load_domains(const struct conf *conf, bool tickets, struct policy *p, char *what, size_t size)
{
	struct offer wishes = {0};
	int rc = load_wishes(conf, &wishes, what, size);

	p->domains = bh_alloc((conf_domains(conf) + 1) * sizeof(*p->domains));
	for (size_t i = 0; rc == 0 && i < conf_domains(conf); i++) {
		struct policy_domain *d = &p->domains[p->ndomains++];

		d->name = bh_strdup(conf_domain_name(conf, i));
		d->directory = copy(conf_domain_text(conf, i, "directory"));
		d->realm = copy(conf_domain_text(conf, i, "realm"));
		load_offer(conf, tickets, &wishes, d);
		if (d->offer.n > 0)
			continue;
		snprintf(what, size, "authd.mechanisms lacks PLAIN: nobody could log in to %s, whose accounts are in a "
			"directory", d->name);
		rc = BH_ECONFIG;
	}
	return rc;
}

int policy_load(const struct conf *conf, bool tickets, struct policy *out, char *what, size_t what_size)
{
	struct policy p = {0};
	int rc;

	p.limits.per_account = (uint32_t)conf_number(conf, "authd.guess_limit");
	p.limits.per_address = (uint32_t)conf_number(conf, "authd.address_limit");
	p.limits.window_ms = (uint64_t)conf_number(conf, "authd.guess_window") * 1000;
	p.iterations = (uint32_t)conf_number(conf, "authd.iterations");
	p.export_keys = conf_bool(conf, "authd.export_keys");
	rc = load_domains(conf, tickets, &p, what, what_size);
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
		free(policy->domains[i].realm);
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

bool policy_set_lack(struct policy *policy, struct str domain, unsigned lack)
{
	struct policy_domain *d = (struct policy_domain *)(uintptr_t)policy_domain(policy, domain);

	if (d == NULL || d->directory != NULL || d->lack == lack)
		return false;
	d->lack = lack;
	d->offer.n = 0;
	for (size_t i = 0; i < d->able.n; i++)
		if (!d->able.of[i]->needs_keys || !(lack & 1u << d->able.of[i]->hash))
			d->offer.of[d->offer.n++] = d->able.of[i];
	if (d->offer.n == 0)
		d->offer = d->able;
	return true;
}

const char *policy_directory(const struct policy *policy, struct str domain)
{
	const struct policy_domain *d = policy_domain(policy, domain);

	return d != NULL ? d->directory : NULL;
}
