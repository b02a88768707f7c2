/* Features both ways. */
#include "s2sd/features.h"

#include <stdio.h>

#include "s2sd/bidi.h"
#include "s2sd/dialback.h"
#include "s2sd/external.h"
#include "s2sd/outgoing.h"
#include "s2sd/peer.h"
#include "s2sd/policy.h"
#include "xmpp/jid.h"
#include "xmpp/names.h"
#include "xmpp/tree.h"

/* ---- ours ------------------------------------------------------------------------------ */

static bool certificate_is(struct peer *p, struct str domain)
{
	if (p->dane != NULL)
		return stream_check_dane(p->stream, p->dane, domain, p->why, sizeof p->why) == 0;
	return stream_check_certificate(p->stream, domain, p->why, sizeof p->why) == 0;
}

void features_check_certificate(struct peer *p)
{
	char ascii[DNS_NAME_SIZE];

	p->certified = false;
	if (!stream_is_secure(p->stream) || p->remote == NULL)
		return;
	if (jid_domain_ascii(str_of(p->remote), ascii, sizeof ascii) != 0)
		snprintf(p->why, sizeof p->why, "%s", "no certificate can be for such a domain");
	else
		p->certified = certificate_is(p, str_of(ascii));
}

void features_send(struct peer *p)
{
	const struct s2sd_settings *settings = &p->carrying.srv->settings;
	struct buf *out = peer_output(p);
	bool authed = p->state == IN_AUTHED;

	buf_put_lit(out, "<stream:features>");
	if (p->state == IN_CLEAR) {
		const struct policy *policy = policy_of(p->carrying.srv, str_of(p->local));

		buf_put_lit(out, "<starttls xmlns='" NS_TLS "'>");
		if (policy != NULL && policy->kind == POLICY_SECURE)
			buf_put_lit(out, "<required/>");
		buf_put_lit(out, "</starttls>");
	}
	if (p->state == IN_SECURE && p->certified)
		buf_put_lit(out, "<mechanisms xmlns='" NS_SASL "'><mechanism>EXTERNAL</mechanism></mechanisms>");
	if (bidi_offered(p))
		buf_put_lit(out, "<bidi xmlns='" NS_BIDI_FEATURE "'/>");
	if (authed)
		buf_put_lit(out, "<sm xmlns='" NS_SM "'/>");
	if (p->state != IN_CLEAR)
		buf_put_lit(out, "<dialback xmlns='" NS_DIALBACK_FEATURE "'><errors/></dialback>");
	buf_printf(out, "<limits xmlns='" NS_LIMITS "'><max-bytes>%u</max-bytes></limits>",
		authed ? settings->after.stanza : settings->before.stanza);
	buf_put_lit(out, "</stream:features>");
}

/* ---- theirs ---------------------------------------------------------------------------- */

struct offered {
	bool starttls, external, dialback, bidi, sm;
};

static bool offers_external(const struct tree_node *mechanisms)
{
	for (const struct tree_node *n = mechanisms->children; n != NULL; n = n->next)
		if (str_is(n->text, "EXTERNAL"))
			return true;
	return false;
}

static void read_features(const struct element *e, struct offered *o)
{
	struct tree *tree;

	*o = (struct offered){0};
	if (tree_parse(e->stanza.inner, NS_SERVER, &tree) != 0)
		return;
	for (const struct tree_node *n = tree_first(tree); n != NULL; n = n->next) {
		o->starttls |= str_is(n->name, "starttls") && str_is(n->ns, NS_TLS);
		o->sm |= str_is(n->name, "sm") && str_is(n->ns, NS_SM);
		o->bidi |= str_is(n->name, "bidi") && str_is(n->ns, NS_BIDI_FEATURE);
		o->dialback |= str_is(n->name, "dialback") && str_is(n->ns, NS_DIALBACK_FEATURE);
		o->external |= str_is(n->name, "mechanisms") && str_is(n->ns, NS_SASL) && offers_external(n);
	}
	tree_free(&tree);
}

/* What the policy says of the server itself; false after the end of the stream. */
static bool acceptable(struct peer *p, const struct policy *policy)
{
	char why[160];

	if (policy->kind != POLICY_SECURE)
		return true;
	if (!stream_is_secure(p->stream)) {
		outgoing_unfit(p, "it offers no TLS, which this domain of ours wants (s2s = secure)");
		return false;
	}
	if (p->certified)
		return true;
	snprintf(why, sizeof why, "its certificate: %.140s", p->why);
	outgoing_unfit(p, why);
	return false;
}

void features_prove(struct peer *p)
{
	const struct policy *policy = policy_of(p->carrying.srv, str_of(p->local));

	if (policy == NULL)
		peer_end(p, "our domain talks to nobody any more");
	else if (p->external && policy->certificate && !p->no_external && stream_is_secure(p->stream))
		external_start(p);
	else if (!p->carrying.srv->secret_known)
		peer_end(p, "the server restarts");
	else if (p->dialback)
		dialback_start(p);
	else
		outgoing_unfit(p, "it offers neither EXTERNAL, for our certificate, nor dialback");
}

/* For `s2s test`. */
static void show_certificate(struct peer *p)
{
	char text[640], step[1000];

	if (!stream_is_secure(p->stream))
		return;
	stream_describe_certificate(p->stream, text, sizeof text);
	snprintf(step, sizeof step, "%s; its certificate: %s; %s", stream_tls_description(p->stream), text,
		p->certified ? "valid for the domain" : p->why);
	outgoing_step(p, step);
}

static void negotiated(struct peer *p, const struct offered *o)
{
	const struct policy *policy = policy_of(p->carrying.srv, str_of(p->local));

	p->external = o->external;
	p->dialback |= o->dialback;
	features_check_certificate(p);
	show_certificate(p);
	if (policy == NULL)
		peer_end(p, "our domain talks to nobody any more");
	else if (!acceptable(p, policy))
		return;
	else if (p->outgoing != NULL && outgoing_only_asks(p->outgoing)) {
		p->state = OUT_VERIFYING;
		outgoing_opened(p);
	} else if (o->bidi && bidi_wanted(p)) {
		bidi_begin(p);
	} else {
		features_prove(p);
	}
}

void features_take(struct peer *p, const struct element *e)
{
	struct offered o;

	read_features(e, &o);
	p->sm.offered = o.sm;
	if (p->state == OUT_AUTHED) {
		sm_begin(p);
	} else if (p->state == OUT_CLEAR && o.starttls) {
		buf_put_lit(peer_output(p), "<starttls xmlns='" NS_TLS "'/>");
		p->state = OUT_STARTTLS;
		outgoing_step(p, "asks for TLS");
	} else {
		negotiated(p, &o);
	}
}

void features_none(struct peer *p)
{
	const struct offered none = {0};

	negotiated(p, &none);
}
