/* From a name to a stream. */
#include "s2sd/outgoing.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "daemon/association.h"
#include "daemon/log.h"
#include "s2sd/dial.h"
#include "xmpp/jid.h"

struct outgoing {
	struct s2sd *srv;
	const struct outgoing_handlers *handlers;
	void *owner;
	char *local, *remote;
	struct dial *dial;
	struct peer *peer;
	uv_timer_t timer; /* of the whole */
	bool only_ask, both_ways, opened, no_external;
	bool unfit;	    /* one was there, and not what we may talk to */
	bool again;	    /* the same server, without a certificate */
	bool over;	    /* the owner has heard the end */
	unsigned condition; /* the remote's word, or 0 */
};

struct previous outgoing_previous(const struct outgoing *o)
{
	const struct previous none = {NULL, NULL};

	return o != NULL && o->handlers->previous != NULL ? o->handlers->previous(o->owner) : none;
}

bool outgoing_both_ways(const struct outgoing *o)
{
	return o != NULL && o->both_ways;
}

bool outgoing_only_asks(const struct outgoing *o)
{
	return o->only_ask;
}

static void end(struct outgoing *o, unsigned condition, const char *why)
{
	if (o->over)
		return;
	o->over = true;
	uv_timer_stop(&o->timer);
	dial_free(&o->dial);
	if (!o->opened)
		association_failed();
	o->handlers->ended(o->owner, condition, why);
}

void outgoing_tls(struct peer *p)
{
	char server[DNS_NAME_SIZE] = "";
	const struct tls_wish wish = {.server = server, .local = p->local, .alpn = "xmpp-server"};

	(void)jid_domain_ascii(str_of(p->remote), server, sizeof server);
	if (stream_connect_tls(p->stream, certificates_store(&p->carrying.srv->certificates), &wish) != 0)
		peer_end(p, "TLS cannot begin");
}

static void on_connected(void *owner, struct stream *stream, const struct server *target, struct dane *dane)
{
	struct outgoing *o = owner;
	struct peer *p = peer_open(o->srv, stream, target, o->local, o->remote);

	if (p == NULL) {
		dane_free(&dane);
		end(o, STANZA_RESOURCE_CONSTRAINT, "no memory");
		return;
	}
	o->peer = p;
	p->dane = dane;
	p->outgoing = o;
	p->no_external = o->no_external;
	p->state = OUT_OPENING_CLEAR;
	if (target->tls)
		outgoing_tls(p);
	else
		peer_send_header(p);
}

static void on_failed(void *owner, unsigned condition, const char *why)
{
	const struct outgoing *o = owner;

	end(owner, o->unfit ? STANZA_REMOTE_SERVER_NOT_FOUND : condition, why);
}

static void on_step(void *owner, const char *text)
{
	struct outgoing *o = owner;

	log_debug("s2s-step", "conn=%s local=%s remote=%s step=%s", o->peer != NULL ? peer_name(o->peer) : "-",
		LOG_TEXT(o->local), LOG_TEXT(o->remote), LOG_TEXT(text));
	if (o->handlers->step != NULL)
		o->handlers->step(o->owner, text);
}

static const struct dial_handlers dial_handlers = {
	.connected = on_connected, .failed = on_failed, .step = on_step};

static void on_time(uv_timer_t *timer)
{
	struct outgoing *o = timer->data;
	struct peer *p = o->peer;

	o->peer = NULL;
	if (p != NULL) {
		p->outgoing = NULL;
		peer_end(p, "it took too long");
	}
	end(o, STANZA_REMOTE_SERVER_TIMEOUT, "no server of the domain has answered in time");
}

struct outgoing *outgoing_start(struct s2sd *srv, const struct outgoing_wish *wish,
	const struct outgoing_handlers *handlers, void *owner)
{
	struct outgoing *o = bh_alloc(sizeof *o);

	o->srv = srv;
	o->handlers = handlers;
	o->owner = owner;
	o->local = bh_strdup(wish->local);
	o->remote = bh_strdup(wish->remote);
	o->only_ask = wish->only_ask;
	o->both_ways = wish->both_ways;
	o->timer.data = o;
	uv_timer_init(srv->daemon->loop, &o->timer);
	uv_timer_start(&o->timer, on_time, srv->settings.connect_timeout_ms, 0);
	o->dial = dial_start(srv, str_of(o->remote), &dial_handlers, o);
	return o;
}

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void outgoing_free(struct outgoing **out)
{
	struct outgoing *o = *out;

	*out = NULL;
	if (o == NULL)
		return;
	o->over = true;
	dial_free(&o->dial);
	if (o->peer != NULL) {
		o->peer->outgoing = NULL;
		peer_end(o->peer, NULL);
	}
	free(o->local);
	free(o->remote);
	uv_close((uv_handle_t *)&o->timer, on_timer_closed);
}

void outgoing_opened(struct peer *p)
{
	struct outgoing *o = p->outgoing;

	if (o == NULL || o->opened)
		return;
	o->opened = p->opened = true;
	association_opened(ASSOCIATION_OUT);
	uv_timer_stop(&o->timer);
	o->handlers->open(o->owner, p);
}

static void try_another(struct outgoing *o, const char *why)
{
	bool again = o->again;

	o->again = false;
	if (again)
		dial_again(o->dial);
	else
		dial_next(o->dial, why);
}

void outgoing_ended(struct peer *p)
{
	struct outgoing *o = p->outgoing;

	p->outgoing = NULL;
	if (o == NULL)
		return;
	o->peer = NULL;
	if (o->opened)
		end(o, 0, p->why);
	else if (o->condition != 0)
		end(o, o->condition, p->why);
	else
		try_another(o, p->why);
}

void outgoing_unfit(struct peer *p, const char *why)
{
	if (p->outgoing != NULL)
		p->outgoing->unfit = true;
	peer_end(p, why);
}

void outgoing_refused(struct peer *p, unsigned condition, const char *why)
{
	if (p->outgoing != NULL)
		p->outgoing->condition = condition;
	peer_end(p, why);
}

void outgoing_without_external(struct peer *p)
{
	struct outgoing *o = p->outgoing;

	if (o != NULL) {
		o->again = !o->no_external;
		o->no_external = true;
	}
	peer_end(p, "the remote does not accept our certificate");
}

void outgoing_not_resumed(struct peer *p, bool known, uint32_t h)
{
	struct outgoing *o = p->outgoing;

	if (o != NULL) {
		o->handlers->not_resumed(o->owner, known, h);
		o->again = true;
	}
	peer_end(p, "the remote does not know the stream that was lost");
}

void outgoing_step(struct peer *p, const char *text)
{
	if (p->outgoing != NULL)
		on_step(p->outgoing, text);
}
