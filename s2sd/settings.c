/* The configuration, as s2sd uses it. */
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
