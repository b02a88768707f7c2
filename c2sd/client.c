/* A client's connection: its streams, its errors, its end. */
#include "c2sd/client.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/rand.h"
#include "bus/codes.h"
#include "c2sd/counters.h"
#include "c2sd/guard.h"
#include "c2sd/carried.h"
#include "c2sd/session.h"
#include "c2sd/sm.h"
#include "daemon/log.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"

const char *client_name(const struct client *c)
{
	static char name[96];

	snprintf(name, sizeof name, "%s/%lu", c->srv->daemon->instance, (unsigned long)c->carried.id);
	return name;
}

struct client *client_find(const struct c2sd *srv, uint64_t id)
{
	struct carried *c = carrier_find(&srv->carrier, id);

	return c != NULL ? container_of(c, struct client, carried) : NULL;
}

struct buf *client_output(struct client *c)
{
	return stream_output(c->stream);
}

static const char *peer_text(const struct client *c)
{
	static char text[ADDRESS_TEXT_SIZE];

	address_text(stream_peer(c->stream), text);
	return text;
}

static unsigned peer_port(const struct client *c)
{
	return stream_peer(c->stream)->port;
}

static const char *content_ns(const struct client *c)
{
	return c->entry == ENTRY_COMPONENT ? NS_COMPONENT : NS_CLIENT;
}

void client_send_header(struct client *c, struct str to)
{
	struct buf *out = client_output(c);
	char id[33];

	if (c->header_sent)
		return;
	c->header_sent = true;
	rand_hex(id, sizeof id / 2);
	buf_printf(out, "<?xml version='1.0'?><stream:stream xmlns='%s' xmlns:stream='" NS_STREAMS "'",
		content_ns(c));
	if (c->entry == ENTRY_COMPONENT)
		c->stream_id = bh_strdup(id); /* its only stream: such a one never begins anew */
	else if (!c->versionless)
		buf_put_lit(out, " version='1.0' xml:lang='en'");
	escape_put_attribute(out, "id", str_of(id));
	escape_put_attribute(out, "from", str_of(c->domain != NULL ? c->domain->domain : NULL));
	escape_put_attribute(out, "to", to);
	buf_put_lit(out, ">");
}

void client_identified(struct client *c, struct str account)
{
	c->jid = bh_strndup(account.p, account.len);
	c->bare_len = (uint16_t)account.len;
	guard_authenticated(c);
}

void client_login_failed(struct client *c)
{
	if (++c->attempts >= c->srv->settings.auth_attempts)
		client_fail(c, STREAM_POLICY_VIOLATION, "too many failed attempts");
}

void client_restart(struct client *c, enum client_state state, const struct reader_limits *limits)
{
	c->state = (uint8_t)state;
	c->header_sent = false;
	reader_restart(c->reader, limits);
}

/* routerd need not wait for the socket to close. */
static void tell_router(struct client *c)
{
	struct msg_closed m = {.reason = c->close_reason};

	if (sm_outlives(c)) {
		sm_detach(c);
		return;
	}
	if (c->known && c2sd_link(c->srv) != NULL)
		(void)LINK_SEND(c2sd_link(c->srv), CLOSED, closed, c->carried.id, &m);
	c->known = false;
	c->session_known = false;
	inbound_forget(&c->carried);
}

static void end_stream(struct client *c)
{
	buf_put_lit(client_output(c), "</stream:stream>");
	if (!c->detached)
		tell_router(c);
	c->state = CLIENT_CLOSING;
	stream_close(c->stream, guard_linger_ms(c));
}

/* After some errors the client may come back for its session (XEP-0198). */
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

static void fail(struct client *c, enum stream_error condition, const char *text, struct str element)
{
	if (c->state == CLIENT_CLOSING)
		return;
	log_info("stream-error", "conn=%s from=%s port=%u jid=%s error=%s reason=%s", client_name(c),
		peer_text(c), peer_port(c), LOG_TEXT(c->jid), stream_error_name(condition), LOG_TEXT(text));
	count_add(COUNT_STREAM_ERRORS, 1);
	c->close_reason = reason_of(condition);
	client_send_header(c, STR_NONE);
	stream_error_write_with(client_output(c), condition, str_of(text), element);
	end_stream(c);
}

void client_fail(struct client *c, enum stream_error condition, const char *text)
{
	fail(c, condition, text, STR_NONE);
}

void client_fail_with(struct client *c, enum stream_error condition, struct str element)
{
	fail(c, condition, NULL, element);
}

void client_finish(struct client *c)
{
	if (c->state == CLIENT_CLOSING)
		return;
	c->finishing = inbound_waits(&c->carried);
	if (c->finishing)
		return;
	c->close_reason = CLOSE_BY_CLIENT;
	end_stream(c);
}

static void on_open(void *owner, const struct stream_header *header)
{
	struct client *c = owner;

	if (c->state != CLIENT_CLOSING)
		states_open(c, header);
}

static void on_element(void *owner, const struct element *element)
{
	states_element(owner, element);
}

static void on_close(void *owner)
{
	client_finish(owner);
}

static const struct reader_handlers reader_handlers = {on_open, on_element, on_close};

/* Before there is a session nobody is owed so much. */
static void check_unsent(struct client *c)
{
	if (c->state == CLIENT_CLOSING || stream_unsent(c->stream) <= STREAM_ANSWERS_MAX)
		return;
	if (c->state == CLIENT_BOUND)
		session_answered(c);
	else
		client_fail(c, STREAM_POLICY_VIOLATION, "it does not read what it is answered");
}

static void on_data(void *owner, const uint8_t *p, size_t n)
{
	struct client *c = owner;
	int rc;

	if (c->state == CLIENT_CLOSING)
		return;
	if (!c->counted && !guard_admit_proxied(c))
		return;
	c->heard_ms = uv_now(c->srv->daemon->loop);
	rc = reader_feed(c->reader, p, n);
	if (rc < 0)
		client_fail(c, (enum stream_error)-rc, reader_reason(c->reader));
	check_unsent(c);
	session_settle_state(c);
}

static void on_secure(void *owner)
{
	struct client *c = owner;

	log_debug("tls", "conn=%s from=%s port=%u tls=%s", client_name(c), peer_text(c), peer_port(c),
		LOG_TEXT(stream_tls_description(c->stream)));
}

static void on_sent(void *owner)
{
	struct client *c = owner;

	if (c->state == CLIENT_BOUND)
		session_sent(c);
}

static void destroy(struct client *c)
{
	struct c2sd *srv = c->srv;

	carrier_remove(&c->carried);
	sm_free(c);
	free(c->jid);
	free(c->request_id);
	free(c->resource);
	free(c->lang);
	free(c->stream_id);
	free(c);
	if (srv->stopping && srv->carrier.all.count == 0)
		c2sd_emptied(srv);
}

void client_forgotten(struct client *c)
{
	struct msg_closed m = {.reason = CLOSE_BY_SERVER};

	(void)LINK_SEND(c2sd_link(c->srv), CLOSED, closed, c->carried.id, &m);
	client_dropped(c);
}

void client_dropped(struct client *c)
{
	c->detached = false;
	c->known = false;
	c->session_known = false;
	if (c->stream == NULL)
		destroy(c);
}

/* One whose session outlives the stream stays until routerd has all that was kept for it. */
static void on_closed(void *owner, const char *why)
{
	struct client *c = owner;

	/* Who says nothing and leaves is no news: there may be ten thousand in a second. */
	if (why != NULL)
		log_event(c->header_sent || !stream_peer_left(why) ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "client-lost",
			"conn=%s from=%s port=%u jid=%s reason=%s", client_name(c), peer_text(c), peer_port(c),
			LOG_TEXT(c->jid), LOG_TEXT(why));
	if (!c->detached)
		tell_router(c);
	guard_release(c);
	reader_free(&c->reader);
	c->stream = NULL;
	c->state = CLIENT_CLOSING;
	if (!c->detached)
		destroy(c);
}

static const struct stream_handlers stream_handlers = {
	.on_data = on_data, .on_secure = on_secure, .on_sent = on_sent, .on_closed = on_closed};

static void create(struct c2sd *srv, struct client *c, enum c2sd_entry entry)
{
	static const uint8_t first[] = {
		[ENTRY_STARTTLS] = CLIENT_OPENING_CLEAR,
		[ENTRY_TLS] = CLIENT_OPENING_SECURE,
		[ENTRY_COMPONENT] = CLIENT_OPENING_COMPONENT,
	};

	c->srv = srv;
	c->close_reason = CLOSE_LOST;
	c->began = clock_ms();
	c->entry = (uint8_t)entry;
	c->state = first[entry];
	list_init(&c->waiting);
	c->reader = reader_create(srv->parsers, &reader_handlers, c, &srv->settings.before);
}

/* The limits, and what comes before the first byte of XML. */
static void admit(struct client *c)
{
	struct c2sd *srv = c->srv;

	if (!guard_admit(c)) {
		client_fail(c, STREAM_RESOURCE_CONSTRAINT, "too many connections");
		return;
	}
	if (c->entry == ENTRY_TLS && stream_start_tls(c->stream, certificates_store(&srv->certificates), "xmpp-client") != 0)
		client_fail(c, STREAM_INTERNAL_SERVER_ERROR, NULL);
	log_debug("client-connected", "conn=%s from=%s port=%u", client_name(c), peer_text(c), peer_port(c));
}

void client_accept(struct c2sd *srv, int fd, enum c2sd_entry entry)
{
	struct client *c = bh_alloc(sizeof *c);

	create(srv, c, entry);
	if (stream_open(srv->hub, fd, &stream_handlers, c, &c->stream) != 0 ||
		carrier_add(&srv->carrier, &c->carried) != 0) {
		reader_free(&c->reader);
		free(c);
		return;
	}
	admit(c);
}
