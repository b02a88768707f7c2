/* Resource binding (RFC 6120 7). */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "c2sd/session.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"
#include "xmpp/tree.h"

/* An error in answer to the bind request; the client may try again. */
static void refuse(struct client *c, struct str id, unsigned condition)
{
	struct stanza s = {.kind = STANZA_IQ, .type = TYPE_ERROR, .id = id};
	struct buf inner = BUF_INIT;

	stanza_error_write(&inner, condition, STR_NONE);
	s.inner = buf_str(&inner);
	stanza_write(client_output(c), &s, STR_NONE);
	buf_fini(&inner);
	c->state = CLIENT_AUTHED;
}

static void send_bind(struct client *c, const struct element *e, const struct tree_node *bind)
{
	const struct tree_node *resource = tree_child(bind, NS_BIND, "resource");
	struct msg_bind m = {.resource = resource != NULL ? resource->text : STR_NONE};

	c->state = CLIENT_BINDING;
	c->request_id = bh_strndup(e->stanza.id.p, e->stanza.id.len);
	if (c2sd_link(c->srv) == NULL ||
		LINK_SEND(c2sd_link(c->srv), BIND, bind, c->id, &m) != 0) {
		refuse(c, e->stanza.id, STANZA_BAD_REQUEST);
		free(c->request_id);
		c->request_id = NULL;
	}
}

/* Before bind the only stanza is the bind request (7.3.1). */
void session_bind(struct client *c, const struct element *e)
{
	const struct tree_node *n;
	struct tree *tree = NULL;

	if (e->stanza.kind != STANZA_IQ || tree_parse(e->stanza.inner, NS_CLIENT, &tree) != 0) {
		client_fail(c, STREAM_NOT_AUTHORIZED, "bind a resource first");
		return;
	}
	n = tree_first(tree);
	if (n == NULL || !str_is(n->ns, NS_BIND) || !str_is(n->name, "bind"))
		client_fail(c, STREAM_NOT_AUTHORIZED, "bind a resource first");
	else if (e->stanza.type != TYPE_SET || e->stanza.id.p == NULL)
		refuse(c, e->stanza.id, STANZA_BAD_REQUEST);
	else
		send_bind(c, e, n);
	tree_free(&tree);
}

static void answer(struct client *c)
{
	struct stanza s = {.kind = STANZA_IQ, .type = TYPE_RESULT, .id = str_of(c->request_id)};
	struct buf inner = BUF_INIT;

	buf_put_lit(&inner, "<bind xmlns='" NS_BIND "'><jid>");
	escape_text(&inner, str_of(c->jid));
	buf_put_lit(&inner, "</jid></bind>");
	s.inner = buf_str(&inner);
	stanza_write(client_output(c), &s, STR_NONE);
	buf_fini(&inner);
}

int on_bound(const struct bus_event *event)
{
	struct client *c = client_find(event->owner, event->frame->subject);
	struct msg_bound m;

	if (bus_get_bound(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c == NULL || c->state != CLIENT_BINDING)
		return 0;
	free(c->jid);
	c->jid = bh_strndup(m.jid.p, m.jid.len);
	c->epoch = m.epoch;
	c->state = CLIENT_BOUND;
	answer(c);
	free(c->request_id);
	c->request_id = NULL;
	return 0;
}

int on_bind_refused(const struct bus_event *event)
{
	struct client *c = client_find(event->owner, event->frame->subject);
	struct msg_bind_refused m;

	if (bus_get_bind_refused(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c == NULL || c->state != CLIENT_BINDING)
		return 0;
	refuse(c, str_of(c->request_id), m.condition);
	free(c->request_id);
	c->request_id = NULL;
	return 0;
}
