/* SASL: what the client says goes to authd as it is, and back. */
#include "c2sd/sasl.h"

#include "base/err.h"
#include "base/secret.h"
#include "c2sd/component.h"
#include "c2sd/legacy.h"
#include "daemon/log.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"

static enum client_state before_auth(const struct client *c)
{
	return stream_is_secure(c->stream) ? CLIENT_SECURE : CLIENT_CLEAR;
}

static void refuse_with(struct client *c, unsigned condition, struct str text)
{
	sasl_failure_write(client_output(c), condition, text);
	c->verdict = 0;
	c->state = (uint8_t)before_auth(c);
	c->sasl_failed = true;
	client_login_failed(c);
}

void sasl_refuse(struct client *c, enum sasl_error condition)
{
	refuse_with(c, condition, STR_NONE);
}

/* Who its certificate says that it is; nothing where that is not verified. */
static void put_certificate(const struct client *c, struct msg_auth_begin *m)
{
	const struct certificate *certificate = stream_certificate(c->stream);

	if (certificate == NULL)
		return;
	m->certificate = str_of(certificate->jid);
	m->certificate_mail = str_of(certificate->mail);
	m->certificate_subject = str_of(certificate->subject);
	m->certificate_der = certificate->der;
}

/* Everything that authd must know to judge. */
int sasl_send_begin(struct client *c, struct str mechanism, struct str initial, struct str offered)
{
	struct link *link = c2sd_link(c->srv);
	char address[ADDRESS_TEXT_SIZE];
	uint8_t exporter[32];
	struct msg_auth_begin m = {
		.domain = str_of(c->domain->domain),
		.mechanism = mechanism,
		.initial = initial,
		.offered = offered,
		.exporter = STR_LIT(""),
		.tls = stream_is_secure(c->stream),
		.attempt = ++c->attempt,
	};
	int rc;

	if (link == NULL)
		return BH_ECLOSED;
	put_certificate(c, &m);
	address_text(stream_peer(c->stream), address);
	m.address = str_of(address);
	if (stream_exporter(c->stream, exporter))
		m.exporter = str_make(exporter, sizeof exporter);
	c->known = true;
	rc = LINK_SEND(link, AUTH_BEGIN, auth_begin, c->carried.id, &m);
	secret_wipe(exporter, sizeof exporter);
	return rc;
}

void sasl_lost(struct client *c)
{
	if (c->state == CLIENT_CHALLENGED)
		c->verdict = SASL_TEMPORARY_AUTH_FAILURE;
	else
		sasl_refuse(c, SASL_TEMPORARY_AUTH_FAILURE);
}

void sasl_begin(struct client *c, const struct element *e)
{
	struct str mechanism = element_attribute(e, "mechanism");
	struct buf offered = BUF_INIT;

	/* A component's handshake is no mechanism of SASL. */
	if (mechanism.p == NULL || str_is(mechanism, COMPONENT_MECHANISM)) {
		sasl_refuse(c, SASL_INVALID_MECHANISM);
		return;
	}
	if (c2sd_link(c->srv) == NULL) {
		sasl_refuse(c, SASL_TEMPORARY_AUTH_FAILURE);
		return;
	}
	offers_for_client(c, &offered);
	c->state = CLIENT_JUDGING;
	if (sasl_send_begin(c, mechanism, e->text.len > 0 ? e->text : STR_NONE,
		    buf_str(&offered)) != 0)
		sasl_refuse(c, SASL_MALFORMED_REQUEST);
	buf_fini(&offered);
}

void sasl_respond(struct client *c, const struct element *e)
{
	struct msg_auth_step m = {.data = e->text.p != NULL ? e->text : STR_LIT(""), .attempt = c->attempt};

	c->state = CLIENT_JUDGING;
	if (c->verdict != 0)
		sasl_refuse(c, (enum sasl_error)c->verdict);
	else if (c2sd_link(c->srv) == NULL)
		sasl_refuse(c, SASL_TEMPORARY_AUTH_FAILURE);
	else if (LINK_SEND(c2sd_link(c->srv), AUTH_STEP, auth_step, c->carried.id, &m) != 0)
		sasl_refuse(c, SASL_MALFORMED_REQUEST);
}

void sasl_abort(struct client *c, const struct element *e)
{
	struct msg_auth_abort m = {.attempt = c->attempt};

	(void)e;
	if (c2sd_link(c->srv) != NULL)
		(void)LINK_SEND(c2sd_link(c->srv), AUTH_ABORT, auth_abort, c->carried.id, &m);
	sasl_refuse(c, SASL_ABORTED);
}

int on_auth_challenge(const struct bus_event *event)
{
	struct client *c = client_find(event->owner, event->frame->subject);
	struct msg_auth_challenge m;
	struct buf *out;

	if (bus_get_auth_challenge(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c == NULL || c->state != CLIENT_JUDGING || m.attempt != c->attempt)
		return 0; /* aborted or gone meanwhile */
	c->state = CLIENT_CHALLENGED;
	out = client_output(c);
	buf_put_lit(out, "<challenge xmlns='" NS_SASL "'>");
	escape_text(out, m.data); /* it is Base64, if authd is itself */
	buf_put_lit(out, "</challenge>");
	return 0;
}

static void succeed(struct client *c, const struct msg_auth_result *m)
{
	struct buf *out = client_output(c);

	buf_put_lit(out, "<success xmlns='" NS_SASL "'>");
	escape_text(out, m->final);
	buf_put_lit(out, "</success>");
	client_identified(c, m->account);
	client_restart(c, CLIENT_OPENING_AUTHED, &c->srv->settings.after);
}

/* In any other state the client has given up meanwhile. */
static void judged(struct client *c, const struct msg_auth_result *m)
{
	if (c->state == CLIENT_COMPONENT_JUDGING)
		component_judged(c, m);
	else if (c->state == CLIENT_LEGACY_JUDGING)
		legacy_judged(c, m);
	else if (c->state == CLIENT_JUDGING && m->condition != 0)
		refuse_with(c, m->condition, m->text);
	else if (c->state == CLIENT_CHALLENGED && m->condition != 0)
		c->verdict = m->condition; /* whoever judges has gone; the client has the word */
	else if (c->state == CLIENT_JUDGING)
		succeed(c, m);
}

int on_auth_result(const struct bus_event *event)
{
	struct client *c = client_find(event->owner, event->frame->subject);
	struct msg_auth_result m;

	if (bus_get_auth_result(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c != NULL && m.attempt == c->attempt)
		judged(c, &m);
	return 0;
}
