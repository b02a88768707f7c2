/* jabber:iq:auth: fields, password, session. */
#include "c2sd/legacy.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/err.h"
#include "c2sd/answer.h"
#include "c2sd/sasl.h"
#include "c2sd/session.h"
#include "xmpp/jid.h"
#include "xmpp/names.h"

bool legacy_offered(const struct client *c)
{
	struct buf names = BUF_INIT;
	bool plain;

	if (!c->srv->settings.legacy_auth || !stream_is_secure(c->stream))
		return false;
	offers_for_client(c, &names);
	plain = offers_have(buf_str(&names), "PLAIN");
	buf_fini(&names);
	return plain;
}

static int begin(struct client *c, struct str username, struct str password)
{
	struct buf plain = BUF_INIT, initial = BUF_INIT;
	int rc;

	buf_put_byte(&plain, 0);
	buf_put_str(&plain, username);
	buf_put_byte(&plain, 0);
	buf_put_str(&plain, password);
	base64_encode(buf_str(&plain), &initial);
	rc = sasl_send_begin(c, STR_LIT("PLAIN"), buf_str(&initial), STR_LIT("PLAIN"));
	buf_fini_secret(&initial);
	buf_fini_secret(&plain);
	return rc;
}

/* The resource is looked at before the password: afterwards it could not be changed. */
static void log_in(struct client *c, const struct early_request *r)
{
	struct str username = early_field(r, "username"), password = early_field(r, "password");
	struct str resource = early_field(r, "resource");
	char prepared[JID_PART_MAX + 1];
	size_t len;
	int rc;

	if (username.p == NULL || password.p == NULL || resource.p == NULL ||
		jid_prepare_resource(resource, prepared, &len) != 0) {
		answer_error(c, r->id, STANZA_NOT_ACCEPTABLE, STR_NONE);
		return;
	}
	early_begin(c, r, CLIENT_LEGACY_JUDGING);
	c->resource = bh_strndup(prepared, len);
	rc = begin(c, username, password);
	if (rc != 0)
		legacy_judged(c, &(struct msg_auth_result){.condition = rc == BH_ETOOBIG ?
			SASL_MALFORMED_REQUEST : SASL_TEMPORARY_AUTH_FAILURE});
}

void legacy_request(struct client *c, const struct early_request *r)
{
	if (!legacy_offered(c))
		answer_error(c, r->id, STANZA_SERVICE_UNAVAILABLE, STR_NONE);
	else if (c->sasl_failed)
		client_fail(c, STREAM_POLICY_VIOLATION, "SASL has failed before");
	else if (!r->set)
		answer_result(c, r->id, STR_LIT("<query xmlns='" NS_LEGACY_AUTH "'>"
			"<username/><password/><resource/></query>"));
	else
		log_in(c, r);
}

static void forget_resource(struct client *c)
{
	free(c->resource);
	c->resource = NULL;
}

void legacy_judged(struct client *c, const struct msg_auth_result *m)
{
	if (m->condition != 0) {
		early_failed(c, m->condition == SASL_TEMPORARY_AUTH_FAILURE ?
			STANZA_RESOURCE_CONSTRAINT : STANZA_NOT_AUTHORIZED, m->text);
		forget_resource(c);
		client_login_failed(c);
		return;
	}
	c->legacy = true;
	client_identified(c, m->account);
	reader_set_limits(c->reader, &c->srv->settings.after);
	if (session_ask(c, str_of(c->resource)) != 0)
		client_fail(c, STREAM_INTERNAL_SERVER_ERROR, NULL);
	forget_resource(c);
}

void legacy_welcome(struct client *c)
{
	answer_result(c, str_of(c->request_id), STR_LIT(""));
}

/* The account is settled and cannot be asked for again on this connection. */
void legacy_refused(struct client *c, unsigned condition)
{
	answer_error(c, str_of(c->request_id), condition, STR_NONE);
	client_finish(c);
}
