/* Which certificate is for whom. */
#include "ctl/identity.h"

#include <string.h>

#include "net/tls_judge.h"

void identity_for_clients(const struct conf *conf, size_t domain, struct tls_identity *out)
{
	*out = (struct tls_identity){
		.domain = conf_domain_name(conf, domain),
		.certificate = conf_domain_text(conf, domain, "certificate"),
		.key = conf_domain_text(conf, domain, "key"),
	};
}

void identity_for_servers(const struct conf *conf, size_t domain, struct tls_identity *out)
{
	const char *certificate = conf_domain_text(conf, domain, "s2s_certificate");
	const char *key = conf_domain_text(conf, domain, "s2s_key");

	identity_for_clients(conf, domain, out);
	if (certificate != NULL)
		out->certificate = certificate;
	if (key != NULL)
		out->key = key;
}

bool federates(const struct conf *conf, size_t domain)
{
	return strcmp(conf_domain_text(conf, domain, "s2s"), "off") != 0 && conf_number(conf, "s2sd.instances") > 0;
}

size_t identities_of(const struct conf *conf, size_t domain, struct shown out[2])
{
	unsigned servers = federates(conf, domain) ? TLS_FOR_SERVERS : 0;

	out[0] = (struct shown){.whom = "all", .uses = TLS_FOR_CLIENTS | servers};
	identity_for_clients(conf, domain, &out[0].id);
	if (conf_domain_text(conf, domain, "s2s_certificate") == NULL)
		return 1;
	out[0].whom = "clients";
	out[0].uses = TLS_FOR_CLIENTS;
	out[1] = (struct shown){.whom = "servers", .uses = servers};
	identity_for_servers(conf, domain, &out[1].id);
	return 2;
}
