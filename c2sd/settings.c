/* The configuration, as c2sd uses it. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "c2sd/c2sd.h"
#include "daemon/log.h"

static uint32_t number(const struct conf *conf, const char *name)
{
	return (uint32_t)conf_number(conf, name);
}

static void read_limits(const struct conf *conf, struct reader_limits *l, const char *stanza)
{
	l->stanza = number(conf, stanza);
	l->tag = number(conf, "c2sd.tag");
	l->depth = (uint16_t)number(conf, "c2sd.depth");
	l->attributes = (uint16_t)number(conf, "c2sd.attributes");
}

static int read_proxies(struct daemon *d, struct c2sd_settings *out)
{
	size_t n = conf_list_size(d->conf, "c2sd.proxy_from");

	if (n > PROXIES_MAX) {
		daemon_fail(d, "c2sd.proxy_from: more than %d networks", PROXIES_MAX);
		return BH_ECONFIG;
	}
	for (size_t i = 0; i < n; i++) {
		const char *text = conf_list_item(d->conf, "c2sd.proxy_from", i);

		if (network_parse(text, &out->proxies[i]) != 0) {
			daemon_fail(d, "c2sd.proxy_from: \"%s\" is no network such as 192.0.2.0/24",
				text);
			return BH_ECONFIG;
		}
	}
	out->nproxies = (unsigned)n;
	return 0;
}

int settings_read(struct daemon *d, struct c2sd_settings *out)
{
	const struct conf *conf = d->conf;

	*out = (struct c2sd_settings){
		.auth_timeout_ms = number(conf, "c2sd.auth_timeout") * 1000,
		.write_timeout_ms = number(conf, "c2sd.write_timeout") * 1000,
		.auth_attempts = number(conf, "c2sd.auth_attempts"),
		.connections = number(conf, "c2sd.connections"),
		.gate = {number(conf, "c2sd.connections_per_address"), number(conf, "c2sd.connections_before_auth")},
		.tls_required = strcmp(conf_text(conf, "c2sd.starttls"), "required") == 0,
		.legacy_auth = conf_bool(conf, "c2sd.legacy_auth"),
		.registration = conf_bool(conf, "routerd.registration"),
		.resume_location = conf_text(conf, "c2sd.resume_location"),
	};
	read_limits(conf, &out->before, "c2sd.stanza_before_auth");
	out->before.wipe = true; /* XEP-0077 and XEP-0078 bring passwords in stanzas */
	read_limits(conf, &out->after, "c2sd.stanza");
	return read_proxies(d, out);
}

int settings_load_tls(struct daemon *d, struct tls_signer *signer, struct tls_store **out)
{
	size_t n = conf_domains(d->conf);
	struct tls_identity *ids = bh_alloc(n * sizeof *ids);
	struct tls_plan plan = {
		.ids = ids, .n = n, .signer = signer, .client_ca = conf_text(d->conf, "c2sd.client_ca")};
	char what[1024] = "";
	int rc;

	for (size_t i = 0; i < n; i++)
		ids[i] = (struct tls_identity){
			.domain = conf_domain_name(d->conf, i),
			.certificate = conf_domain_text(d->conf, i, "certificate"),
			.key = conf_domain_text(d->conf, i, "key"),
		};
	rc = tls_store_load(&plan, out, what, sizeof what);
	if (rc != 0)
		daemon_fail(d, "%s", what);
	else if (what[0] != '\0')
		log_warn("certificate", "reason=%s", LOG_LONG(what));
	free(ids);
	return rc;
}
