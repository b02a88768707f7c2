/* The handshake of components. */
#include "c2sd/component.h"

#include <ctype.h>

#include "c2sd/sasl.h"
#include "c2sd/session.h"
#include "xmpp/names.h"

enum { DIGEST_LEN = 40 };

static bool is_digest(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!isxdigit((unsigned char)text.p[i]))
			return false;
	return text.len == DIGEST_LEN;
}

void component_handshake(struct client *c, const struct element *e)
{
	struct buf initial = BUF_INIT;

	if (!is_digest(e->text)) {
		client_fail(c, STREAM_NOT_AUTHORIZED, "the handshake is no SHA-1 digest");
		return;
	}
	buf_printf(&initial, "%s %.*s", c->stream_id, STR_FMT(e->text));
	c->state = CLIENT_COMPONENT_JUDGING;
	if (sasl_send_begin(c, STR_LIT(COMPONENT_MECHANISM), buf_str(&initial), STR_NONE) != 0)
		client_fail(c, STREAM_REMOTE_CONNECTION_FAILED, "nobody can check the handshake");
	buf_fini_secret(&initial);
}

void component_judged(struct client *c, const struct msg_auth_result *m)
{
	if (m->condition == SASL_TEMPORARY_AUTH_FAILURE) {
		client_fail(c, STREAM_REMOTE_CONNECTION_FAILED, "try again later");
	} else if (m->condition != 0) {
		client_fail(c, STREAM_NOT_AUTHORIZED, "the handshake is wrong");
	} else {
		client_identified(c, m->account);
		reader_set_limits(c->reader, &c->srv->settings.after);
		if (session_ask(c, STR_NONE) != 0)
			client_fail(c, STREAM_INTERNAL_SERVER_ERROR, NULL);
	}
}

void component_welcome(struct client *c)
{
	buf_put_lit(client_output(c), "<handshake/>");
}

void component_refused(struct client *c, unsigned condition)
{
	if (condition == STANZA_CONFLICT)
		client_fail(c, STREAM_CONFLICT, "the component is connected already");
	else
		client_fail(c, STREAM_RESOURCE_CONSTRAINT, NULL);
}
