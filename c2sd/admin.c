/* session show, cert list. */
#include "c2sd/admin.h"

#include "base/err.h"
#include "bus/ctl_verb.h"
#include "c2sd/client.h"
#include "c2sd/sm.h"
#include "key/used.h"

static void describe(const struct client *c, struct msg_connection *m)
{
	m->known = true;
	m->tls = str_of(stream_tls_description(c->stream));
	m->idle_ms = uv_now(c->srv->daemon->loop) - c->heard_ms;
	m->unwritten = stream_written(c->stream) - stream_sent(c->stream);
	m->unacknowledged = c->sm != NULL && c->sm->enabled ? c->carried.out_number - c->sm->acked : 0;
}

int on_connection_get(const struct bus_event *event)
{
	const struct client *c;
	struct msg_connection_get m;
	struct msg_connection answer = {.known = false};

	if (bus_get_connection_get(event->frame->body, &m) != 0)
		return BH_EPROTO;
	c = client_find(event->owner, m.connection);
	if (c != NULL && c->stream != NULL)
		describe(c, &answer);
	(void)LINK_SEND(event->link, CONNECTION, connection, event->frame->subject, &answer);
	return 0;
}

static void used(const struct ctl_ask *q)
{
	const struct c2sd *srv = q->owner;

	certificates_used(srv->certificates.keys, srv->daemon->instance, q->event);
}

int on_ctl_request(const struct bus_event *event)
{
	static const struct ctl_verb verbs[] = {{"cert.used", used}, {NULL, NULL}};

	return ctl_run(event, verbs, "c2sd");
}
