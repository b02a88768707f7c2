/* The table of the stream's states, and the opening tags. */
#include "c2sd/states.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "c2sd/client.h"
#include "c2sd/component.h"
#include "c2sd/early.h"
#include "c2sd/features.h"
#include "c2sd/sasl.h"
#include "c2sd/session.h"
#include "c2sd/sm.h"
#include "daemon/log.h"
#include "xmpp/jid.h"
#include "xmpp/names.h"

/* Anything but negotiation before the client has logged in (RFC 6120 4.9.3.12). */
static void not_authorized(struct client *c, const struct element *e)
{
	(void)e;
	client_fail(c, STREAM_NOT_AUTHORIZED, "log in first");
}

static void out_of_order(struct client *c, const struct element *e)
{
	(void)e;
	client_fail(c, STREAM_POLICY_VIOLATION, "not at this point of the stream");
}

static void unknown(struct client *c, const struct element *e)
{
	(void)e;
	client_fail(c, STREAM_UNSUPPORTED_STANZA_TYPE, NULL);
}

/* Compression is not offered and never set up (attacks.md, S7). */
static void no_compression(struct client *c, const struct element *e)
{
	(void)e;
	buf_put_lit(client_output(c),
		"<failure xmlns='" NS_COMPRESS "'><setup-failed/></failure>");
}

static void start_tls(struct client *c, const struct element *e)
{
	(void)e;
	buf_put_lit(client_output(c), "<proceed xmlns='" NS_TLS "'/>");
	if (stream_start_tls(c->stream, certificates_store(&c->srv->certificates), "xmpp-client") != 0) {
		client_fail(c, STREAM_INTERNAL_SERVER_ERROR, NULL);
		return;
	}
	client_restart(c, CLIENT_OPENING_SECURE, &c->srv->settings.before);
}

/* STARTTLS where it is not on offer (5.4.2.2). */
static void no_tls(struct client *c, const struct element *e)
{
	(void)e;
	buf_put_lit(client_output(c), "<failure xmlns='" NS_TLS "'/>");
	client_finish(c);
}

static void auth_in_the_clear(struct client *c, const struct element *e)
{
	if (c->srv->settings.tls_required)
		sasl_refuse(c, SASL_ENCRYPTION_REQUIRED);
	else
		sasl_begin(c, e);
}

static void ignore(struct client *c, const struct element *e)
{
	(void)c, (void)e;
}

/* Columns: starttls, auth, response, abort, compress, handshake, csi, sm, stanza, unknown.  Where there
 * is no row, nothing may come: before the opening tag, and while another's turn is waited for that
 * nothing can take back. */
static state_fn *const table[CLIENT_STATES][CLIENT_ELEMENTS] = {
	[CLIENT_CLEAR] = {start_tls, auth_in_the_clear, out_of_order, out_of_order, no_compression,
		not_authorized, not_authorized, not_authorized, early_stanza, not_authorized},
	[CLIENT_SECURE] = {no_tls, sasl_begin, out_of_order, out_of_order, no_compression,
		not_authorized, not_authorized, not_authorized, early_stanza, not_authorized},
	[CLIENT_JUDGING] = {no_tls, out_of_order, out_of_order, sasl_abort, no_compression,
		not_authorized, not_authorized, not_authorized, not_authorized, not_authorized},
	[CLIENT_CHALLENGED] = {no_tls, out_of_order, sasl_respond, sasl_abort, no_compression,
		not_authorized, not_authorized, not_authorized, not_authorized, not_authorized},
	[CLIENT_COMPONENT] = {not_authorized, not_authorized, not_authorized, not_authorized,
		not_authorized, component_handshake, not_authorized, not_authorized, not_authorized,
		not_authorized},
	[CLIENT_AUTHED] = {no_tls, out_of_order, out_of_order, out_of_order, no_compression,
		unknown, unknown, sm_before_bind, session_bind, unknown},
	[CLIENT_BINDING] = {no_tls, out_of_order, out_of_order, out_of_order, no_compression,
		unknown, unknown, sm_too_early, out_of_order, unknown},
	[CLIENT_RESUMING] = {no_tls, out_of_order, out_of_order, out_of_order, no_compression,
		unknown, unknown, sm_too_early, out_of_order, unknown},
	[CLIENT_BOUND] = {no_tls, out_of_order, out_of_order, out_of_order, no_compression,
		unknown, session_csi, sm_element, session_submit, unknown},
	[CLIENT_CLOSING] = {ignore, ignore, ignore, ignore, ignore, ignore, ignore, ignore, ignore, ignore},
};

static const struct {
	const char *ns, *name;
	enum client_element element;
} names[] = {
	{NS_TLS, "starttls", ELEMENT_STARTTLS},
	{NS_SASL, "auth", ELEMENT_AUTH},
	{NS_SASL, "response", ELEMENT_RESPONSE},
	{NS_SASL, "abort", ELEMENT_ABORT},
	{NS_COMPRESS, "compress", ELEMENT_COMPRESS},
	{NS_COMPONENT, "handshake", ELEMENT_HANDSHAKE},
	{NS_CSI, "active", ELEMENT_CSI},
	{NS_CSI, "inactive", ELEMENT_CSI},
};

static enum client_element classify(const struct element *e)
{
	if (e->stanza.kind != 0)
		return ELEMENT_STANZA;
	if (str_is(e->ns, NS_SM))
		return ELEMENT_SM;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_is(e->name, names[i].name) && str_is(e->ns, names[i].ns))
			return names[i].element;
	return ELEMENT_UNKNOWN;
}

void states_element(struct client *c, const struct element *e)
{
	state_fn *fn = table[c->state][classify(e)];

	if (fn == NULL)
		fn = out_of_order;
	fn(c, e);
}

/* Streams of before RFC 3920 have no version: only where such a client could log in. */
static bool version_fits(const struct client *c, struct str version)
{
	if (version.p == NULL)
		return c->entry == ENTRY_TLS && c->state == CLIENT_OPENING_SECURE &&
			c->srv->settings.legacy_auth;
	return version.len >= 3 && memcmp(version.p, "1.", 2) == 0;
}

/* What is wrong with the header before any domain is looked at; 0 when nothing. */
static unsigned header_error(const struct client *c, const struct stream_header *h)
{
	bool component = c->entry == ENTRY_COMPONENT;

	if (!str_is(h->ns, NS_STREAMS) ||
		!str_is(h->content_ns, component ? NS_COMPONENT : NS_CLIENT))
		return STREAM_INVALID_NAMESPACE;
	if (!str_is(h->name, "stream"))
		return STREAM_BAD_FORMAT;
	if (!component && !version_fits(c, h->version))
		return STREAM_UNSUPPORTED_VERSION;
	return 0;
}

/* The domain stays the same through all restarts (attacks.md, S12). */
static unsigned choose_domain(struct client *c, const struct stream_header *h)
{
	char text[JID_MAX + 1];
	struct offer *o = NULL;
	struct jid to;

	if (h->to.p != NULL && jid_prepare(h->to, text, &to) == 0)
		o = offers_find(c->srv, to.full);
	if (o == NULL || o->component != (c->entry == ENTRY_COMPONENT))
		return STREAM_HOST_UNKNOWN;
	if (c->jid != NULL && o != c->domain)
		return STREAM_NOT_AUTHORIZED;
	c->domain = o;
	return 0;
}

/* After login, a `from` that is given must be who the client is (4.7.1). */
static unsigned check_from(const struct client *c, const struct stream_header *h)
{
	char text[JID_MAX + 1];
	struct jid from;

	if (c->jid == NULL || h->from.p == NULL)
		return 0;
	if (jid_prepare(h->from, text, &from) != 0 || !str_is(from.bare, c->jid))
		return STREAM_INVALID_FROM;
	return 0;
}

enum { LANG_MAX = 35 }; /* RFC 5646 4.4.1 */

/* What is no language tag is not remembered: it would be put into what others get. */
static bool is_language(struct str tag)
{
	for (uint32_t i = 0; i < tag.len; i++)
		if (tag.p[i] != '-' && !isalnum((unsigned char)tag.p[i]))
			return false;
	return tag.len > 0 && tag.len <= LANG_MAX;
}

/* The language of its stanzas where they name none (4.7.4). */
static void remember_language(struct client *c, struct str tag)
{
	free(c->lang);
	c->lang = c->entry != ENTRY_COMPONENT && is_language(tag) ? bh_strndup(tag.p, tag.len) : NULL;
}

static enum client_state next_state(enum client_state s)
{
	return s + 1; /* each OPENING state stands before the one that it opens */
}

void states_open(struct client *c, const struct stream_header *h)
{
	unsigned error = header_error(c, h);
	bool component = c->entry == ENTRY_COMPONENT;

	if (error == 0)
		error = choose_domain(c, h);
	if (error == 0)
		error = check_from(c, h);
	c->versionless = error == 0 && !component && h->version.p == NULL;
	client_send_header(c, component ? STR_NONE : h->from);
	if (error != 0) {
		client_fail(c, error, NULL);
		return;
	}
	remember_language(c, h->lang);
	c->state = (uint8_t)next_state(c->state);
	if (!component && !c->versionless) /* the others know no features */
		features_send(c);
}
