/* The configuration, as s2sd uses it. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "daemon/log.h"
#include "s2sd/s2sd.h"

static uint32_t number(const struct conf *conf, const char *name)
{
	return (uint32_t)conf_number(conf, name);
}

static void read_limits(const struct conf *conf, struct reader_limits *l, const char *stanza)
{
	*l = (struct reader_limits){
		.stanza = number(conf, stanza),
		.tag = number(conf, "s2sd.tag"),
		.depth = (uint16_t)number(conf, "s2sd.depth"),
		.attributes = (uint16_t)number(conf, "s2sd.attributes"),
	};
}

void settings_read(struct daemon *d, struct s2sd_settings *out)
{
	const struct conf *conf = d->conf;

	*out = (struct s2sd_settings){
		.connect_timeout_ms = number(conf, "s2sd.connect_timeout") * 1000,
		.auth_timeout_ms = number(conf, "s2sd.auth_timeout") * 1000,
		.idle_timeout_ms = number(conf, "s2sd.idle_timeout") * 1000,
		.write_timeout_ms = number(conf, "s2sd.write_timeout") * 1000,
		.retry_ms = number(conf, "s2sd.retry") * 1000,
		.connections = number(conf, "s2sd.connections"),
		.bidi = conf_bool(conf, "s2sd.bidi"),
		.verifications = number(conf, "s2sd.verifications"),
		.verifications_per_address = number(conf, "s2sd.verifications_per_address"),
		.gate = {number(conf, "s2sd.connections_per_address"), number(conf, "s2sd.connections_before_auth")},
	};
	read_limits(conf, &out->before, "s2sd.stanza_before_auth");
	read_limits(conf, &out->after, "s2sd.stanza");
}

/* Its own where there is one. */
static const char *file_of(const struct conf *conf, size_t domain, const char *own, const char *shared)
{
	const char *file = conf_domain_text(conf, domain, own);

	return file != NULL ? file : conf_domain_text(conf, domain, shared);
}

int settings_load_tls(struct daemon *d, struct tls_signer *signer, struct tls_store **out)
{
	size_t n = conf_domains(d->conf);
	struct tls_identity *ids = bh_alloc(n * sizeof *ids);
	struct tls_plan plan = {.ids = ids,
		.n = n,
		.signer = signer,
		.client_ca = conf_text(d->conf, "s2sd.ca"),
		.system_trust = true};
	char what[1024] = "";
	int rc;

	for (size_t i = 0; i < n; i++)
		ids[i] = (struct tls_identity){
			.domain = conf_domain_name(d->conf, i),
			.certificate = file_of(d->conf, i, "s2s_certificate", "certificate"),
			.key = file_of(d->conf, i, "s2s_key", "key"),
		};
	rc = tls_store_load(&plan, out, what, sizeof what);
	if (rc != 0)
		daemon_fail(d, "%s", what);
	else if (what[0] != '\0')
		log_warn("certificate", "reason=%s", LOG_LONG(what));
	free(ids);
	return rc;
}
