/* What each domain offers, and the features that a stream shows. */
#include "c2sd/offers.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "c2sd/client.h"
#include "conf/conf.h"
#include "xmpp/names.h"

static int add(struct c2sd *srv, const char *domain)
{
	struct offer *o;

	if (offers_find(srv, str_of(domain)) != NULL)
		return 0;
	o = bh_alloc(sizeof *o);
	o->domain = bh_strdup(domain);
	return map_add(&srv->offers, &o->node, o->domain, strlen(o->domain));
}

int offers_add_domains(struct c2sd *srv)
{
	const struct conf *conf = srv->daemon->conf;

	for (size_t i = 0; i < conf_domains(conf); i++)
		if (add(srv, conf_domain_name(conf, i)) != 0)
			return BH_ENOMEM;
	return 0;
}

void offers_free(struct c2sd *srv)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &srv->offers);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct offer *o = container_of(n, struct offer, node);

		free(o->domain);
		free(o->mechanisms);
		free(o);
	}
	map_fini(&srv->offers);
}

struct offer *offers_find(const struct c2sd *srv, struct str domain)
{
	struct map_node *n = map_find(&srv->offers, domain.p, domain.len);

	return n != NULL ? container_of(n, struct offer, node) : NULL;
}

bool offers_complete(const struct c2sd *srv)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &srv->offers);
	while ((n = map_walk_next(&walk)) != NULL)
		if (container_of(n, struct offer, node)->mechanisms == NULL)
			return false;
	return true;
}

static bool ends_with(struct str s, const char *tail)
{
	size_t n = strlen(tail);

	return s.len >= n && memcmp(s.p + s.len - n, tail, n) == 0;
}

static bool usable(const struct client *c, struct str mechanism, bool bindable)
{
	if (ends_with(mechanism, "-PLUS"))
		return bindable;
	if (str_is(mechanism, "EXTERNAL"))
		return stream_certificate_jid(c->stream).p != NULL;
	return stream_is_secure(c->stream) || !str_is(mechanism, "PLAIN");
}

void offers_for_client(const struct client *c, struct buf *out)
{
	const char *at = c->domain->mechanisms != NULL ? c->domain->mechanisms : "";
	uint8_t exporter[32];
	bool bindable = stream_exporter(c->stream, exporter);

	while (*at != '\0') {
		struct str name = str_make(at, strcspn(at, " "));

		if (usable(c, name, bindable)) {
			if (out->len > 0)
				buf_put_byte(out, ' ');
			buf_put_str(out, name);
		}
		at += name.len + (at[name.len] == ' ');
	}
}

static void put_mechanisms(struct client *c, struct buf *out)
{
	struct buf names = BUF_INIT;
	struct str rest;
	uint8_t exporter[32];

	offers_for_client(c, &names);
	rest = buf_str(&names);
	if (rest.len > 0)
		buf_put_lit(out, "<mechanisms xmlns='" NS_SASL "'>");
	while (rest.len > 0) {
		const char *space = memchr(rest.p, ' ', rest.len);
		uint32_t len = space != NULL ? (uint32_t)(space - rest.p) : rest.len;

		buf_printf(out, "<mechanism>%.*s</mechanism>", (int)len, rest.p);
		len += space != NULL;
		rest.p += len;
		rest.len -= len;
	}
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

void features_send(struct client *c)
{
	struct buf *out = client_output(c);

	buf_put_lit(out, "<stream:features>");
	if (c->state == CLIENT_CLEAR)
		put_starttls(c, out);
	if (c->state == CLIENT_SECURE ||
		(c->state == CLIENT_CLEAR && !c->srv->settings.tls_required))
		put_mechanisms(c, out);
	if (c->state == CLIENT_AUTHED)
		buf_put_lit(out, "<bind xmlns='" NS_BIND "'/>"
			"<session xmlns='" NS_SESSION "'><optional/></session>");
	buf_put_lit(out, "</stream:features>");
}
