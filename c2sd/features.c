/* The features of each state. */
#include "c2sd/features.h"

#include "c2sd/legacy.h"
#include "c2sd/register.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"

static void put_mechanism(struct buf *out, struct str name)
{
	buf_put_lit(out, "<mechanism>");
	escape_text(out, name);
	buf_put_lit(out, "</mechanism>");
}

static void put_mechanisms(struct client *c, struct buf *out)
{
	struct buf names = BUF_INIT;
	struct str rest, name;
	uint8_t exporter[32];

	offers_for_client(c, &names);
	rest = buf_str(&names);
	if (rest.len > 0)
		buf_put_lit(out, "<mechanisms xmlns='" NS_SASL "'>");
	while (offers_take(&rest, &name))
		put_mechanism(out, name);
	if (names.len > 0)
		buf_put_lit(out, "</mechanisms>");
	/* XEP-0440: which binding a -PLUS mechanism may use. */
	if (stream_exporter(c->stream, exporter))
		buf_put_lit(out, "<sasl-channel-binding xmlns='" NS_SASL_CB "'>"
			"<channel-binding type='tls-exporter'/></sasl-channel-binding>");
	buf_fini(&names);
}

static void put_starttls(struct client *c, struct buf *out)
{
	if (c->srv->settings.tls_required)
		buf_put_lit(out, "<starttls xmlns='" NS_TLS "'><required/></starttls>");
	else
		buf_put_lit(out, "<starttls xmlns='" NS_TLS "'/>");
}

/* Before authentication. */
static void put_log_in(struct client *c, struct buf *out)
{
	if (c->state == CLIENT_CLEAR)
		put_starttls(c, out);
	if (c->state == CLIENT_SECURE || !c->srv->settings.tls_required)
		put_mechanisms(c, out);
	if (legacy_offered(c))
		buf_put_lit(out, "<auth xmlns='" NS_LEGACY_AUTH_FEATURE "'/>");
	if (register_offered(c))
		buf_put_lit(out, "<register xmlns='" NS_REGISTER_FEATURE "'/>");
}

/* XEP-0115: the hash of what the domain answers to disco#info. */
static void put_caps(const struct offer *domain, struct buf *out)
{
	if (domain->caps == NULL)
		return;
	buf_put_lit(out, "<c xmlns='" NS_CAPS "' hash='sha-1' node='" CAPS_NODE "'");
	escape_put_attribute(out, "ver", str_of(domain->caps));
	buf_put_lit(out, "/>");
}

/* After it. */
static void put_session(struct client *c, struct buf *out)
{
	buf_put_lit(out, "<bind xmlns='" NS_BIND "'/>"
		"<session xmlns='" NS_SESSION "'><optional/></session>"
		"<sm xmlns='" NS_SM "'/>"
		"<csi xmlns='" NS_CSI "'/>"
		"<ver xmlns='" NS_ROSTER_VERSIONS "'/>"
		"<sub xmlns='" NS_PRE_APPROVAL "'/>");
	put_caps(c->domain, out);
}

/* XEP-0478.  Nobody is disconnected for being idle, so there is no more to say. */
static void put_limits(const struct reader_limits *limits, struct buf *out)
{
	buf_printf(out, "<limits xmlns='" NS_LIMITS "'><max-bytes>%u</max-bytes></limits>",
		limits->stanza);
}

void features_send(struct client *c)
{
	const struct c2sd_settings *settings = &c->srv->settings;
	struct buf *out = client_output(c);
	bool authenticated = c->state == CLIENT_AUTHED;

	buf_put_lit(out, "<stream:features>");
	if (authenticated)
		put_session(c, out);
	else
		put_log_in(c, out);
	/* Where TLS must come first, nothing else is on offer (RFC 6120 5.3.1). */
	if (c->state != CLIENT_CLEAR || !settings->tls_required)
		put_limits(authenticated ? &settings->after : &settings->before, out);
	buf_put_lit(out, "</stream:features>");
}
