/* check certs: will clients and servers accept the certificates? */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/check/findings.h"
#include "net/tls_examine.h"

enum { DAY_S = 24 * 3600 };

static void look_at_dates(struct findings *f, const char *name, const struct tls_examined *c)
{
	static const struct {
		int64_t left;
		enum finding finding;
		const char *text;
	} terms[] = {
		{0, FOUND_PROBLEM, "The certificate has expired: get another, and run bulkheadctl reload."},
		{DAY_S, FOUND_PROBLEM, "The certificate expires within one day: renew it now."},
		{INT64_C(7) * DAY_S, FOUND_WARNING, "The certificate expires within one week: renew it."},
		{INT64_C(30) * DAY_S, FOUND_WARNING, "The certificate expires within one month: see that it is renewed."},
	};
	int64_t now = clock_wall(), left = c->expires - now;

	if (c->begins > now) {
		found(f, FOUND_PROBLEM, name, "The certificate is not valid yet: set the clock, or wait.");
		return;
	}
	for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++)
		if (left <= terms[i].left) {
			found(f, terms[i].finding, name, "%s", terms[i].text);
			return;
		}
	found(f, FOUND_OK, name, "The certificate is good for %" PRId64 " more days.", left / DAY_S);
}

static void look_at_key(struct findings *f, const char *name, const struct tls_identity *id, const struct tls_examined *c)
{
	if (!c->key_read)
		found(f, FOUND_PROBLEM, name, "The key %s cannot be read: %s.", id->key, c->key_why);
	else if (!c->key_fits)
		found(f, FOUND_PROBLEM, name, "The key %s is not that of the certificate %s: put the files of one pair there.",
			id->key, id->certificate);
	if (c->weak_bits != 0)
		found(f, FOUND_PROBLEM, name, "The certificate's key has only %u bits: make a new one of at least 2048, or of an "
			"elliptic curve.", c->weak_bits);
	if (c->weak_signature)
		found(f, FOUND_PROBLEM, name, "The chain of %s has a signature that nobody accepts any more: have it issued anew.",
			id->certificate);
}

static void look_at_files(struct findings *f, const char *name, const struct tls_identity *id, const char *ca,
	struct tls_examined *c)
{
	tls_examine(id, ca, c);
	if (!c->readable) {
		found(f, FOUND_PROBLEM, name, "The certificate %s cannot be read: %s.", id->certificate, c->why);
		return;
	}
	look_at_dates(f, name, c);
	look_at_key(f, name, id, c);
	if (c->trusted)
		found(f, FOUND_OK, name, "The certificate's chain ends at an authority that is trusted.");
	else
		found(f, FOUND_WARNING, name, "The certificate %s will not be trusted by others: %s.", id->certificate, c->why);
}

static void look_at_domain(struct findings *f, size_t i)
{
	const char *name = conf_domain_name(f->conf, i), *ca = conf_text(f->conf, "s2sd.ca");
	struct tls_identity clients, servers;
	struct tls_examined c;

	identity_for_clients(f->conf, i, &clients);
	identity_for_servers(f->conf, i, &servers);
	look_at_files(f, name, &clients, ca, &c);
	if (c.readable && !c.for_clients)
		found(f, FOUND_PROBLEM, name, "The certificate %s is not valid for client connections to %s: it must name it.",
			clients.certificate, name);
	if (!federates(f->conf, i))
		return;
	if (strcmp(clients.certificate, servers.certificate) != 0)
		look_at_files(f, name, &servers, ca, &c);
	if (c.readable && !c.for_servers)
		found(f, FOUND_PROBLEM, name, "The certificate %s is not valid for server-to-server connections to %s: it must "
			"name it.", servers.certificate, name);
}

void look_at_certs(struct findings *f)
{
	for (size_t i = 0; i < conf_domains(f->conf); i++)
		look_at_domain(f, i);
}
