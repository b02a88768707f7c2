/* The table of the states, and the opening tags. */
#include "s2sd/states.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "daemon/log.h"
#include "s2sd/bidi.h"
#include "s2sd/dialback.h"
#include "s2sd/external.h"
#include "s2sd/features.h"
#include "s2sd/outgoing.h"
#include "s2sd/peer.h"
#include "s2sd/sm.h"
#include "s2sd/submit.h"
#include "xmpp/jid.h"
#include "xmpp/names.h"
#include "xmpp/tree.h"

static void not_authorized(struct peer *p, const struct element *e)
{
	(void)e;
	peer_fail(p, STREAM_NOT_AUTHORIZED, "say who you are first");
}

static void out_of_order(struct peer *p, const struct element *e)
{
	(void)e;
	peer_fail(p, STREAM_POLICY_VIOLATION, "not at this point of the stream");
}

static void unknown(struct peer *p, const struct element *e)
{
	(void)e;
	peer_fail(p, STREAM_UNSUPPORTED_STANZA_TYPE, NULL);
}

/* Where only one direction is agreed on (XEP-0288 was not). */
static void wrong_way(struct peer *p, const struct element *e)
{
	(void)e;
	peer_fail(p, STREAM_NOT_AUTHORIZED, "this stream carries what we send");
}

static void comes_back(struct peer *p, const struct element *e)
{
	if (p->bidi)
		submit_stanza(p, e);
	else
		wrong_way(p, e);
}

static void start_tls(struct peer *p, const struct element *e)
{
	(void)e;
	buf_put_lit(peer_output(p), "<proceed xmlns='" NS_TLS "'/>");
	if (stream_start_tls(p->stream, certificates_store(&p->carrying.srv->certificates), "xmpp-server") != 0)
		peer_fail(p, STREAM_INTERNAL_SERVER_ERROR, NULL);
	else
		peer_restart(p, IN_OPENING_SECURE);
}

static void no_tls(struct peer *p, const struct element *e)
{
	(void)e;
	buf_put_lit(peer_output(p), "<failure xmlns='" NS_TLS "'/>");
	peer_finish(p);
}

static void tls_answered(struct peer *p, const struct element *e)
{
	if (str_is(e->name, "proceed"))
		outgoing_tls(p);
	else
		peer_end(p, "it does not start TLS though it has offered it");
}

/* Of the remote's errors those that may be gone when it is asked again. */
static bool passes(struct str condition)
{
	static const char *const names[] = {"system-shutdown", "reset", "connection-timeout", "resource-constraint",
		"internal-server-error", "conflict"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_is(condition, names[i]))
			return true;
	return false;
}

/* The remote ends the stream: what it says is for the log, and for whoever waits. */
static void stream_error(struct peer *p, const struct element *e)
{
	const struct tree_node *condition;
	struct tree *tree = NULL;
	char why[160];
	bool again;

	if (tree_parse(e->stanza.inner, NS_SERVER, &tree) != 0)
		tree = NULL;
	condition = tree != NULL ? tree_first(tree) : NULL;
	again = condition == NULL || passes(condition->name);
	snprintf(why, sizeof why, "the remote ended the stream: %.*s",
		condition != NULL ? (int)(condition->name.len < 60 ? condition->name.len : 60) : 16,
		condition != NULL ? condition->name.p : "no reason given ");
	tree_free(&tree);
	log_info("remote-error", "conn=%s from=%s port=%u local=%s remote=%s reason=%s", peer_name(p), peer_ip(p), peer_port(p),
		LOG_TEXT(p->local), LOG_TEXT(p->remote), LOG_TEXT(why));
	if (again)
		peer_lost(p, why);
	else
		outgoing_unfit(p, why);
}

static void ignore(struct peer *p, const struct element *e)
{
	(void)p, (void)e;
}

/* Columns: features, stream error, starttls, its answer, auth, its answer, db:result, db:verify, bidi, sm,
 * stanza, unknown.  Where there is no row, nothing may come. */
static state_fn *const table[PEER_STATES][PEER_ELEMENTS] = {
	[IN_CLEAR] = {out_of_order, stream_error, start_tls, out_of_order, not_authorized, out_of_order,
		dialback_result, dialback_verify, out_of_order, sm_element, submit_stanza, not_authorized},
	[IN_SECURE] = {out_of_order, stream_error, no_tls, out_of_order, external_asked, out_of_order,
		dialback_result, dialback_verify, bidi_asked, sm_element, submit_stanza, not_authorized},
	[IN_AUTHED] = {out_of_order, stream_error, no_tls, out_of_order, out_of_order, out_of_order,
		dialback_result, dialback_verify, out_of_order, sm_element, submit_stanza, unknown},
	[OUT_CLEAR] = {features_take, stream_error, out_of_order, out_of_order, out_of_order, out_of_order,
		out_of_order, out_of_order, out_of_order, out_of_order, wrong_way, out_of_order},
	[OUT_STARTTLS] = {out_of_order, stream_error, out_of_order, tls_answered, out_of_order, out_of_order,
		out_of_order, out_of_order, out_of_order, out_of_order, wrong_way, out_of_order},
	[OUT_SECURE] = {features_take, stream_error, out_of_order, out_of_order, out_of_order, out_of_order,
		out_of_order, out_of_order, out_of_order, out_of_order, wrong_way, out_of_order},
	[OUT_PROVING] = {out_of_order, stream_error, out_of_order, out_of_order, out_of_order, out_of_order,
		out_of_order, out_of_order, out_of_order, out_of_order, wrong_way, out_of_order},
	[OUT_AUTH] = {out_of_order, stream_error, out_of_order, out_of_order, out_of_order, external_answered,
		out_of_order, out_of_order, out_of_order, out_of_order, wrong_way, out_of_order},
	[OUT_AUTHED] = {features_take, stream_error, out_of_order, out_of_order, out_of_order, out_of_order,
		out_of_order, out_of_order, out_of_order, out_of_order, wrong_way, out_of_order},
	[OUT_DIALBACK] = {out_of_order, stream_error, out_of_order, out_of_order, out_of_order, out_of_order,
		dialback_result, dialback_verify, out_of_order, out_of_order, wrong_way, out_of_order},
	[OUT_VERIFYING] = {out_of_order, stream_error, out_of_order, out_of_order, out_of_order, out_of_order,
		dialback_result, dialback_verify, out_of_order, out_of_order, wrong_way, out_of_order},
	[OUT_OPEN] = {out_of_order, stream_error, out_of_order, out_of_order, out_of_order, out_of_order,
		dialback_result, dialback_verify, out_of_order, sm_element, comes_back, ignore},
	[OUT_ENABLING] = {out_of_order, stream_error, out_of_order, out_of_order, out_of_order, out_of_order,
		dialback_result, dialback_verify, out_of_order, sm_element, comes_back, out_of_order},
	[OUT_RESUMING] = {out_of_order, stream_error, out_of_order, out_of_order, out_of_order, out_of_order,
		dialback_result, dialback_verify, out_of_order, sm_element, comes_back, out_of_order},
	[PEER_CLOSING] = {ignore, ignore, ignore, ignore, ignore, ignore, ignore, ignore, ignore, ignore, ignore,
		ignore},
};

static const struct {
	const char *ns, *name;
	enum peer_element element;
} names[] = {
	{NS_STREAMS, "features", ELEMENT_FEATURES},
	{NS_STREAMS, "error", ELEMENT_STREAM_ERROR},
	{NS_TLS, "starttls", ELEMENT_STARTTLS},
	{NS_TLS, "proceed", ELEMENT_TLS_ANSWER},
	{NS_TLS, "failure", ELEMENT_TLS_ANSWER},
	{NS_SASL, "auth", ELEMENT_AUTH},
	{NS_SASL, "success", ELEMENT_SASL_ANSWER},
	{NS_SASL, "failure", ELEMENT_SASL_ANSWER},
	{NS_DIALBACK, "result", ELEMENT_RESULT},
	{NS_DIALBACK, "verify", ELEMENT_VERIFY},
	{NS_BIDI, "bidi", ELEMENT_BIDI},
};

static enum peer_element classify(const struct element *e)
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

void states_element(struct peer *p, const struct element *e)
{
	state_fn *fn = table[p->state][classify(e)];

	if (fn == NULL)
		fn = out_of_order;
	fn(p, e);
}

/* ---- opening tags ---------------------------------------------------------------------- */

static unsigned header_error(const struct stream_header *h)
{
	if (!str_is(h->ns, NS_STREAMS) || !str_is(h->content_ns, NS_SERVER))
		return STREAM_INVALID_NAMESPACE;
	if (!str_is(h->name, "stream"))
		return STREAM_BAD_FORMAT;
	return 0;
}

static bool domain_of(struct str text, char out[JID_MAX + 1], struct str *domain)
{
	struct jid jid;

	if (text.p == NULL || jid_prepare(text, out, &jid) != 0 || jid.local.p != NULL || jid.resource.p != NULL)
		return false;
	*domain = jid.domain;
	return true;
}

/* Both stay what they were when the stream begins anew (attacks.md, S12). */
static unsigned take_local(struct peer *p, struct str to)
{
	char text[JID_MAX + 1];
	struct str domain;

	if (to.p == NULL)
		return p->local != NULL ? 0 : STREAM_IMPROPER_ADDRESSING;
	if (!domain_of(to, text, &domain))
		return STREAM_IMPROPER_ADDRESSING;
	if (p->local != NULL)
		return str_is(domain, p->local) ? 0 : STREAM_NOT_AUTHORIZED;
	if (policy_of(p->carrying.srv, domain) == NULL)
		return STREAM_HOST_UNKNOWN;
	p->local = bh_strndup(domain.p, domain.len);
	return 0;
}

static unsigned take_remote(struct peer *p, struct str from)
{
	char text[JID_MAX + 1];
	struct str domain;

	if (from.p == NULL)
		return 0; /* dialback will say */
	if (!domain_of(from, text, &domain))
		return STREAM_IMPROPER_ADDRESSING;
	if (policy_of(p->carrying.srv, domain) != NULL)
		return STREAM_INVALID_FROM; /* a domain of ours */
	if (p->remote != NULL && p->authenticated)
		return str_is(domain, p->remote) ? 0 : STREAM_NOT_AUTHORIZED;
	free(p->remote);
	p->remote = bh_strndup(domain.p, domain.len);
	return 0;
}

static void open_in(struct peer *p, const struct stream_header *h)
{
	unsigned error = header_error(h);

	if (error == 0)
		error = take_local(p, h->to);
	if (error == 0)
		error = take_remote(p, h->from);
	peer_send_header(p);
	if (error != 0) {
		peer_fail(p, error, NULL);
		return;
	}
	p->state++; /* each OPENING state stands before the one that it opens */
	features_check_certificate(p);
	if (h->version.p != NULL)
		features_send(p);
}

static void open_out(struct peer *p, const struct stream_header *h)
{
	unsigned error = header_error(h);

	if (error != 0) {
		peer_fail(p, error, NULL);
		return;
	}
	free(p->stream_id);
	p->stream_id = h->id.p != NULL ? bh_strndup(h->id.p, h->id.len) : NULL;
	p->dialback = h->dialback;
	p->state++;
	if (p->stream_id == NULL)
		peer_end(p, "its stream has no id");
	else if (h->version.p == NULL)
		features_none(p);
}

void states_open(struct peer *p, const struct stream_header *h)
{
	if (p->ours)
		open_out(p, h);
	else
		open_in(p, h);
}
