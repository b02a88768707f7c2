/* The life of a server stream. */
#include "s2sd/peer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/rand.h"
#include "bus/codes.h"
#include "daemon/association.h"
#include "daemon/log.h"
#include "s2sd/counters.h"
#include "s2sd/dialback.h"
#include "s2sd/guard.h"
#include "s2sd/outgoing.h"
#include "s2sd/proof.h"
#include "s2sd/way.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"

struct peer *peer_of(const struct carried *c)
{
	struct carrying *carrying = container_of(c, struct carrying, carried);

	return carrying->thing == THING_PEER ? container_of(carrying, struct peer, carrying) : NULL;
}

struct peer *peer_find(const struct s2sd *srv, uint64_t id)
{
	struct carried *c = carrier_find(&srv->carrier, id);

	return c != NULL ? peer_of(c) : NULL;
}

const char *peer_name(const struct peer *p)
{
	static char name[96];

	snprintf(name, sizeof name, "%s/%lu", p->carrying.srv->daemon->instance,
		(unsigned long)p->carrying.carried.id);
	return name;
}

const char *peer_address(const struct peer *p)
{
	static char text[ADDRESS_TEXT_SIZE];

	if (p->stream == NULL)
		return "-";
	address_text_port(stream_peer(p->stream), text);
	return text;
}

const char *peer_ip(const struct peer *p)
{
	static char text[ADDRESS_TEXT_SIZE];

	if (p->stream == NULL)
		return "-";
	address_text(stream_peer(p->stream), text);
	return text;
}

unsigned peer_port(const struct peer *p)
{
	return p->stream != NULL ? stream_peer(p->stream)->port : 0;
}

bool peer_is_news(struct peer *p)
{
	enum { NEWS_MAX = 16 };
	bool news = p->news < NEWS_MAX;

	p->news += news;
	return news;
}

struct buf *peer_output(struct peer *p)
{
	p->moved = clock_ms();
	return stream_output(p->stream);
}

static void put_header_out(struct peer *p, struct buf *out)
{
	escape_put_attribute(out, "from", str_of(p->local));
	escape_put_attribute(out, "to", str_of(p->remote));
}

static void put_header_in(struct peer *p, struct buf *out)
{
	char id[33];

	rand_hex(id, sizeof id / 2);
	free(p->stream_id);
	p->stream_id = bh_strdup(id);
	escape_put_attribute(out, "id", str_of(id));
	escape_put_attribute(out, "from", str_of(p->local));
	escape_put_attribute(out, "to", str_of(p->remote));
}

void peer_send_header(struct peer *p)
{
	struct buf *out = peer_output(p);

	if (p->header_sent)
		return;
	p->header_sent = true;
	buf_put_lit(out, "<?xml version='1.0'?><stream:stream xmlns='" NS_SERVER "' xmlns:stream='" NS_STREAMS
		"' xmlns:db='" NS_DIALBACK "' version='1.0' xml:lang='en'");
	if (p->ours)
		put_header_out(p, out);
	else
		put_header_in(p, out);
	buf_put_lit(out, ">");
}

void peer_restart(struct peer *p, enum peer_state state)
{
	p->state = (uint8_t)state;
	p->header_sent = false;
	reader_restart(p->reader, p->nproofs > 0 || p->authenticated ? &p->carrying.srv->settings.after
								      : &p->carrying.srv->settings.before);
	if (p->ours)
		peer_send_header(p);
}

void peer_trusted(struct peer *p)
{
	reader_set_limits(p->reader, &p->carrying.srv->settings.after);
	guard_proved(p);
}

static void tell_router(struct peer *p)
{
	struct msg_closed m = {.reason = p->close_reason};
	struct link *link = s2sd_link(p->carrying.srv);

	if (p->detached)
		return;
	if (sm_outlives(p)) {
		sm_detach(p);
		return;
	}
	if (p->known && link != NULL)
		(void)LINK_SEND(link, CLOSED, closed, p->carrying.carried.id, &m);
	p->known = false;
	p->bound = false;
	inbound_forget(&p->carrying.carried);
}

/* Whoever waits for the stream hears that it is no more; it may write a last word. */
static void close_stream(struct peer *p)
{
	if (p->header_sent)
		buf_put_lit(peer_output(p), "</stream:stream>");
	tell_router(p);
	p->state = PEER_CLOSING;
	stream_close(p->stream, guard_linger_ms(p));
	outgoing_ended(p);
	way_left(p);
}

/* After some errors the peer may come back for its session. */
static uint8_t reason_of(enum stream_error condition)
{
	switch (condition) {
	case STREAM_CONNECTION_TIMEOUT:
		return CLOSE_LOST;
	case STREAM_SYSTEM_SHUTDOWN:
		return CLOSE_SHUTDOWN;
	default:
		return CLOSE_BY_SERVER;
	}
}

void peer_fail(struct peer *p, enum stream_error condition, const char *text)
{
	if (p->state == PEER_CLOSING)
		return;
	log_info("stream-error", "conn=%s from=%s port=%u local=%s remote=%s error=%s reason=%s", peer_name(p),
		peer_ip(p), peer_port(p), LOG_TEXT(p->local), LOG_TEXT(p->remote), stream_error_name(condition),
		LOG_TEXT(text));
	count_add(COUNT_STREAM_ERRORS, 1);
	p->close_reason = reason_of(condition);
	snprintf(p->why, sizeof p->why, "%s", text != NULL ? text : stream_error_name(condition));
	peer_send_header(p);
	stream_error_write_with(peer_output(p), condition, str_of(text), STR_NONE);
	close_stream(p);
}

static void end(struct peer *p, enum close_reason reason, const char *why)
{
	if (p->state == PEER_CLOSING)
		return;
	if (why != NULL)
		snprintf(p->why, sizeof p->why, "%s", why);
	p->close_reason = (uint8_t)reason;
	close_stream(p);
}

void peer_end(struct peer *p, const char *why)
{
	end(p, CLOSE_BY_CLIENT, why);
}

void peer_lost(struct peer *p, const char *why)
{
	end(p, CLOSE_LOST, why);
}

void peer_finish(struct peer *p)
{
	if (p->state == PEER_CLOSING)
		return;
	p->finishing = inbound_waits(&p->carrying.carried);
	if (!p->finishing)
		peer_end(p, "closed by the peer");
}

/* ---- from the stream ------------------------------------------------------------------- */

static void on_open(void *owner, const struct stream_header *header)
{
	struct peer *p = owner;

	if (p->state != PEER_CLOSING)
		states_open(p, header);
}

static void on_element(void *owner, const struct element *element)
{
	states_element(owner, element);
}

static void on_close(void *owner)
{
	peer_finish(owner);
}

static const struct reader_handlers reader_handlers = {on_open, on_element, on_close};

/* A stranger is owed no such answers; another has s2sd.write_timeout to take them. */
static void check_unsent(struct peer *p)
{
	if (p->state == PEER_CLOSING || stream_unsent(p->stream) <= STREAM_ANSWERS_MAX)
		return;
	if (!list_empty(&p->stranger)) {
		peer_fail(p, STREAM_POLICY_VIOLATION, "it does not read what it is answered");
	} else if (p->unsent_since == 0) {
		p->unsent_since = clock_ms();
		stream_wait_sent(p->stream);
	}
}

static void on_data(void *owner, const uint8_t *bytes, size_t n)
{
	struct peer *p = owner;
	int rc;

	if (p->state == PEER_CLOSING)
		return;
	p->moved = clock_ms();
	rc = reader_feed(p->reader, bytes, n);
	if (rc < 0)
		peer_fail(p, (enum stream_error)-rc, reader_reason(p->reader));
	check_unsent(p);
}

static void on_secure(void *owner)
{
	struct peer *p = owner;

	log_debug("tls", "conn=%s from=%s port=%u tls=%s", peer_name(p), peer_ip(p), peer_port(p),
		LOG_TEXT(stream_tls_description(p->stream)));
	if (p->ours)
		peer_restart(p, OUT_OPENING_SECURE);
}

static void on_sent(void *owner)
{
	struct peer *p = owner;

	p->unsent_since = 0;
	if (p->way != NULL)
		way_sent(p->way);
}

static void destroy(struct peer *p)
{
	struct s2sd *srv = p->carrying.srv;

	list_remove(&p->link);
	srv->nconnected -= !p->ours;
	carrier_remove(&p->carrying.carried);
	free(p->local);
	free(p->remote);
	free(p->stream_id);
	dane_free(&p->dane);
	sm_fini(&p->sm);
	free(p);
	s2sd_emptied(srv);
}

static void on_closed(void *owner, const char *why)
{
	struct peer *p = owner;

	/* Who says nothing and leaves is no news: there may be ten thousand in a second. */
	if (why != NULL)
		log_event(p->header_sent || !stream_peer_left(why) ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "peer-lost",
			"conn=%s from=%s port=%u local=%s remote=%s reason=%s", peer_name(p), peer_ip(p), peer_port(p),
			LOG_TEXT(p->local), LOG_TEXT(p->remote), LOG_TEXT(why));
	if (p->state != PEER_CLOSING) {
		if (why != NULL)
			snprintf(p->why, sizeof p->why, "%s", why);
		tell_router(p);
		p->state = PEER_CLOSING;
		outgoing_ended(p);
		way_left(p);
	}
	proofs_drop(p);
	guard_release(p);
	if (p->opened)
		association_closed(ASSOCIATION_OUT);
	reader_free(&p->reader);
	p->stream = NULL;
	if (!p->detached)
		destroy(p);
}

void peer_dropped(struct peer *p)
{
	p->detached = p->known = p->bound = false;
	if (p->stream == NULL)
		destroy(p);
}

/* routerd has killed a detached one, or does not know it after a restart. */
static void forgotten(struct peer *p)
{
	struct msg_closed m = {.reason = CLOSE_BY_SERVER};

	(void)LINK_SEND(s2sd_link(p->carrying.srv), CLOSED, closed, p->carrying.carried.id, &m);
	peer_dropped(p);
}

static const struct stream_handlers stream_handlers = {
	.on_data = on_data, .on_secure = on_secure, .on_sent = on_sent, .on_closed = on_closed};

static void nobody_closed(void *owner, const char *why)
{
	(void)owner, (void)why;
}

static const struct stream_handlers no_handlers = {.on_closed = nobody_closed};

/* ---- its beginning --------------------------------------------------------------------- */

static struct peer *make(struct s2sd *srv, bool ours)
{
	struct peer *p = bh_alloc(sizeof *p);

	p->carrying.thing = THING_PEER;
	p->carrying.srv = srv;
	p->ours = ours;
	p->close_reason = CLOSE_LOST;
	p->began = p->since = p->moved = clock_ms();
	list_init(&p->proofs);
	list_init(&p->stranger);
	if (carrier_add(&srv->carrier, &p->carrying.carried) != 0) {
		free(p);
		return NULL;
	}
	p->reader = reader_create(srv->parsers, &reader_handlers, p, &srv->settings.before);
	list_append(&srv->peers, &p->link);
	srv->nconnected += !ours;
	return p;
}

void peer_accept(struct s2sd *srv, int fd, bool tls)
{
	struct peer *p = make(srv, false);

	if (p == NULL || stream_open(srv->hub, fd, &stream_handlers, p, &p->stream) != 0) {
		if (p != NULL) {
			reader_free(&p->reader);
			destroy(p);
		}
		return;
	}
	p->state = tls ? IN_OPENING_SECURE : IN_OPENING_CLEAR;
	p->direct_tls = tls;
	if (!guard_admit(p)) {
		peer_fail(p, STREAM_RESOURCE_CONSTRAINT, "too many connections");
		return;
	}
	if (tls && stream_start_tls(p->stream, certificates_store(&srv->certificates), "xmpp-server") != 0)
		peer_fail(p, STREAM_INTERNAL_SERVER_ERROR, NULL);
	log_debug("peer-connected", "conn=%s from=%s port=%u", peer_name(p), peer_ip(p), peer_port(p));
}

struct peer *peer_open(struct s2sd *srv, struct stream *stream, const struct server *target, const char *local,
	const char *remote)
{
	struct peer *p = make(srv, true);

	stream_hand_over(stream, p != NULL ? &stream_handlers : &no_handlers, p);
	if (p == NULL) {
		stream_close(stream, 0);
		return NULL;
	}
	p->stream = stream;
	p->local = bh_strdup(local);
	p->remote = bh_strdup(remote);
	p->direct_tls = target->tls;
	return p;
}

int on_kill(const struct bus_event *event)
{
	struct carried *c = carrier_find(&((struct s2sd *)event->owner)->carrier, event->frame->subject);
	struct msg_kill m;
	char text[257];

	if (bus_get_kill(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c == NULL)
		return 0;
	snprintf(text, sizeof text, "%.*s", STR_FMT(m.text));
	if (peer_of(c) != NULL && peer_of(c)->detached)
		forgotten(peer_of(c));
	else if (peer_of(c) != NULL)
		peer_fail(peer_of(c), m.condition, text);
	else
		way_killed(way_of(c), text);
	return 0;
}
