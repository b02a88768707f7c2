/* The configuration, as c2sd uses it. */
#include <string.h>

#include "base/err.h"
#include "c2sd/c2sd.h"

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
