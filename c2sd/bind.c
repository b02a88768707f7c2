/* Resource binding (RFC 6120 7), and what else becomes a session. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "c2sd/answer.h"
#include "c2sd/component.h"
#include "c2sd/legacy.h"
#include "c2sd/session.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"
#include "xmpp/tree.h"

int session_ask(struct client *c, struct str resource)
{
	struct msg_bind m = {.resource = resource};

	c->state = CLIENT_BINDING;
	if (c2sd_link(c->srv) == NULL) {
		client_fail(c, STREAM_SYSTEM_SHUTDOWN, "the server restarts");
		return 0;
	}
	return LINK_SEND(c2sd_link(c->srv), BIND, bind, c->carried.id, &m);
}

/* An error in answer to the bind request; the client may try again. */
static void refuse(struct client *c, struct str id, unsigned condition)
{
	answer_error(c, id, condition, STR_NONE);
	c->state = CLIENT_AUTHED;
}

static void send_bind(struct client *c, const struct element *e, const struct tree_node *bind)
{
	const struct tree_node *resource = tree_child(bind, NS_BIND, "resource");

	if ((resource != NULL && resource->next != NULL) || session_ask(c, resource != NULL ? resource->text : STR_NONE) != 0)
		refuse(c, e->stanza.id, STANZA_BAD_REQUEST);
	else
		c->request_id = bh_strndup(e->stanza.id.p, e->stanza.id.len);
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

static void welcome(struct client *c)
{
	struct buf inner = BUF_INIT;

	buf_put_lit(&inner, "<bind xmlns='" NS_BIND "'><jid>");
	escape_text(&inner, str_of(c->jid));
	buf_put_lit(&inner, "</jid></bind>");
	answer_result(c, str_of(c->request_id), buf_str(&inner));
	buf_fini(&inner);
}

static void forget_request(struct client *c)
{
	free(c->request_id);
	c->request_id = NULL;
}

void session_take(struct client *c, const struct msg_bound *m)
{
	free(c->jid);
	c->jid = bh_strndup(m->jid.p, m->jid.len);
	c->carried.session = m->session;
	c->session_known = true;
	c->carried.epoch = m->epoch;
	c->state = CLIENT_BOUND;
}

int on_bound(const struct bus_event *event)
{
	struct client *c = client_find(event->owner, event->frame->subject);
	struct msg_bound m;

	if (bus_get_bound(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c == NULL || c->state != CLIENT_BINDING)
		return 0;
	session_take(c, &m);
	if (c->entry == ENTRY_COMPONENT)
		component_welcome(c);
	else if (c->legacy)
		legacy_welcome(c);
	else
		welcome(c);
	forget_request(c);
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
	if (c->entry == ENTRY_COMPONENT)
		component_refused(c, m.condition);
	else if (c->legacy)
		legacy_refused(c, m.condition);
	else
		refuse(c, str_of(c->request_id), m.condition);
	forget_request(c);
	return 0;
}
