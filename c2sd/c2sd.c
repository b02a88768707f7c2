/* Opening, starting, reloading and stopping c2sd; the link to routerd. */
#include "c2sd/c2sd.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "c2sd/admin.h"
#include "c2sd/client.h"
#include "c2sd/component.h"
#include "c2sd/counters.h"
#include "c2sd/guard.h"
#include "c2sd/carried.h"
#include "c2sd/legacy.h"
#include "c2sd/monitor.h"
#include "c2sd/register.h"
#include "c2sd/sasl.h"
#include "c2sd/session.h"
#include "c2sd/sm.h"
#include "c2sd/sm_pace.h"
#include "carry/restore.h"
#include "daemon/association.h"
#include "daemon/log.h"
#include "daemon/orders.h"
#include "daemon/reload.h"

struct link *c2sd_link(const struct c2sd *srv)
{
	return carrier_link(&srv->carrier);
}

static const struct certificates_rules certificates = {.role = KEY_FOR_CLIENTS, .ca = "c2sd.client_ca"};

static const struct port_kind ports[] = {
	[ENTRY_STARTTLS] = {"c2sd.listen", "clients", "starttls"},
	[ENTRY_TLS] = {"c2sd.listen_tls", "clients", "direct"},
	[ENTRY_COMPONENT] = {"c2sd.listen_component", "components", "none"},
	{NULL},
};

int c2sd_open(struct daemon *d)
{
	struct c2sd *srv = bh_alloc(sizeof *srv);
	int rc;

	srv->daemon = d;
	certificates_init(&srv->certificates, d, &certificates);
	carrier_init(&srv->carrier, &c2sd_carrier);
	d->state = srv;
	tls_global_init();
	rc = settings_read(d, &srv->settings);
	if (rc == 0)
		rc = certificates_load(&srv->certificates);
	if (rc == 0)
		rc = ports_open(&srv->ports, d, ports);
	if (rc == 0)
		return 0;
	ports_close(&srv->ports);
	certificates_stop(&srv->certificates, NULL, NULL);
	tls_global_fini();
	free(srv);
	return rc;
}

static void on_connection(void *owner, int fd, unsigned entry)
{
	client_accept(owner, fd, (enum c2sd_entry)entry);
}

/* Nobody is let in before we know how they may log in. */
static void accept_clients(struct c2sd *srv)
{
	if (srv->accepting || srv->stopping || srv->draining || !offers_complete(srv))
		return;
	srv->accepting = true;
	association_set_accepting(true);
	ports_serve(&srv->ports, srv->daemon->loop, on_connection, srv);
	daemon_ready(srv->daemon);
}

int on_mechanisms(const struct bus_event *event)
{
	struct c2sd *srv = event->owner;
	struct msg_mechanisms m;
	struct offer *o;

	if (bus_get_mechanisms(event->frame->body, &m) != 0)
		return BH_EPROTO;
	o = offers_find(srv, m.domain);
	if (o == NULL)
		return 0;
	free(o->mechanisms);
	o->mechanisms = bh_strndup(m.mechanisms.p != NULL ? m.mechanisms.p : "", m.mechanisms.len);
	accept_clients(srv);
	return 0;
}

static int on_domain_caps(const struct bus_event *event)
{
	struct c2sd *srv = event->owner;
	struct msg_domain_caps m;
	struct offer *o;

	if (bus_get_domain_caps(event->frame->body, &m) != 0)
		return BH_EPROTO;
	o = offers_find(srv, m.domain);
	if (o == NULL)
		return 0;
	free(o->caps);
	o->caps = m.ver.len > 0 ? bh_strndup(m.ver.p, m.ver.len) : NULL;
	return 0;
}

static int on_drain(const struct bus_event *event)
{
	struct c2sd *srv = event->owner;
	struct msg_drain m;

	if (bus_get_drain(event->frame->body, &m) != 0)
		return BH_EPROTO;
	log_info("draining", "clients=%zu", srv->carrier.all.count);
	ports_close(&srv->ports);
	srv->draining = true;
	association_set_accepting(false);
	return 0;
}

static int on_safe(const struct bus_event *event)
{
	return carrier_on_safe(&((struct c2sd *)event->owner)->carrier, event);
}

static int on_credit(const struct bus_event *event)
{
	return carrier_on_credit(&((struct c2sd *)event->owner)->carrier, event);
}

static int on_settled(const struct bus_event *event)
{
	return carrier_on_settled(&((struct c2sd *)event->owner)->carrier, event);
}

const struct bus_handler c2sd_handlers[] = {
	{BUS_CREDIT, on_credit},
	{BUS_SAFE, on_safe},
	ORDER_HANDLERS,
	{BUS_DRAIN, on_drain},
	{BUS_STATS_GET, counter_answer},
	{BUS_CTL_REQUEST, on_ctl_request},
	{BUS_CONNECTION_GET, on_connection_get},
	{BUS_ASSOCIATIONS_GET, on_associations_get},
	{BUS_MECHANISMS, on_mechanisms},
	{BUS_DOMAIN_CAPS, on_domain_caps},
	{BUS_REGISTERED, on_registered},
	{BUS_AUTH_CHALLENGE, on_auth_challenge},
	{BUS_AUTH_RESULT, on_auth_result},
	{BUS_BOUND, on_bound},
	{BUS_BIND_REFUSED, on_bind_refused},
	{BUS_KILL, on_kill},
	{BUS_DELIVER, on_deliver},
	{BUS_SM_ENABLED, on_sm_enabled},
	{BUS_RESUMED, on_resumed},
	{BUS_RESUME_REFUSED, on_resume_refused},
	{BUS_FENCE, on_fence},
	{BUS_DROP, on_drop},
	{BUS_SETTLED, on_settled},
	{0, NULL},
};

static void on_up(void *owner, const struct msg_welcome *welcome)
{
	(void)welcome;
	log_info("router-up", "role=c2sd");
	restore_send(&((struct c2sd *)owner)->carrier);
}

static void on_room(void *owner)
{
	restore_go_on(&((struct c2sd *)owner)->carrier);
}

/* What a client without a session had with routerd is gone with it. */
static void on_router_lost(struct client *c)
{
	const struct msg_auth_result lost = {.condition = SASL_TEMPORARY_AUTH_FAILURE};

	if (c->state == CLIENT_BOUND || c->detached) {
		inbound_rewind(&c->carried);
		return;
	}
	c->known = false;
	switch (c->state) {
	case CLIENT_JUDGING:
	case CLIENT_CHALLENGED:
		sasl_lost(c);
		return;
	case CLIENT_LEGACY_JUDGING:
		legacy_judged(c, &lost);
		return;
	case CLIENT_REGISTERING:
		early_failed(c, STANZA_RESOURCE_CONSTRAINT, STR_LIT("Try again later."));
		return;
	case CLIENT_COMPONENT_JUDGING:
		component_judged(c, &lost);
		return;
	case CLIENT_OPENING_AUTHED:
	case CLIENT_AUTHED:
	case CLIENT_BINDING:
	case CLIENT_RESUMING:
		client_fail(c, STREAM_SYSTEM_SHUTDOWN, "the server restarts");
		return;
	default:
		return;
	}
}

static void for_all_clients(struct c2sd *srv, void (*fn)(struct client *c))
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &srv->carrier.all);
	while ((n = map_walk_next(&walk)) != NULL)
		fn(container_of(n, struct client, carried.node));
}

static void on_down(void *owner, const char *why)
{
	struct c2sd *srv = owner;

	log_warn("router-down", "reason=%s", LOG_TEXT(why));
	restore_lost(&srv->carrier);
	for_all_clients(srv, on_router_lost);
}

static void on_flushed(void *owner)
{
	carrier_flush_done(&((struct c2sd *)owner)->carrier);
}

int c2sd_start(struct daemon *d)
{
	struct c2sd *srv = d->state;
	struct bus_client_spec spec = {
		.loop = d->loop,
		.role = ROLE_C2S,
		.run_dir = d->run_dir,
		.instance = d->instance,
		.software = BULKHEAD_VERSION,
		.configuration = d->configuration,
		.handlers = c2sd_handlers,
		.owner = srv,
		.on_up = on_up,
		.on_down = on_down,
		.on_room = on_room,
	};

	counter_enrol(c2sd_counters);
	associations_enrol();
	association_set_limit(srv->settings.connections);
	monitor_start(srv);
	srv->parsers = reader_pool_create();
	if (offers_add_domains(srv) != 0 || guard_start(srv) != 0 || sm_start(srv) != 0 ||
		stream_hub_start(d->loop, &srv->hub) != 0)
		return BH_ENOMEM;
	stream_hub_on_flushed(srv->hub, on_flushed, srv);
	if (certificates_start(&srv->certificates) != 0)
		return BH_ECONFIG;
	return bus_client_start(&spec, &srv->carrier.bus);
}

/* What a reload brings. */
struct fresh {
	struct c2sd_settings settings;
	struct tls_store *tls;
};

int c2sd_prepare(struct daemon *d, void **prepared)
{
	struct c2sd *srv = d->state;
	struct fresh *fresh = bh_alloc(sizeof *fresh);

	if (settings_read(d, &fresh->settings) != 0 ||
		certificates_prepare(&srv->certificates, &fresh->tls) != 0) {
		free(fresh);
		return BH_ECONFIG;
	}
	*prepared = fresh;
	return 0;
}

void c2sd_adopt(struct daemon *d, void *prepared)
{
	struct c2sd *srv = d->state;
	struct fresh *fresh = prepared;

	srv->settings = fresh->settings;
	certificates_adopt(&srv->certificates, fresh->tls);
	free(fresh);
	if (offers_add_domains(srv) != 0)
		log_error("reload-failed", "reason=\"no memory for the domains\"");
}

void c2sd_discard(struct daemon *d, void *prepared)
{
	struct fresh *fresh = prepared;

	(void)d;
	tls_store_unref(&fresh->tls);
	free(fresh);
}

bool c2sd_ask_reload(struct daemon *d)
{
	return reload_ask(c2sd_link(d->state));
}

static void on_keys_stopped(void *arg)
{
	struct c2sd *srv = arg;
	struct daemon *d = srv->daemon;

	offers_free(srv);
	gate_fini(&srv->gate);
	reader_pool_free(&srv->parsers);
	carrier_fini(&srv->carrier);
	buf_fini(&srv->scratch);
	free(srv);
	tls_global_fini();
	daemon_stopped(d);
}

static void on_hub_stopped(void *arg)
{
	struct c2sd *srv = arg;

	certificates_stop(&srv->certificates, on_keys_stopped, srv);
}

static void on_bus_stopped(void *arg)
{
	struct c2sd *srv = arg;

	stream_hub_stop(&srv->hub, on_hub_stopped, srv);
}

static void on_sm_stopped(uv_handle_t *handle)
{
	struct c2sd *srv = handle->data;

	bus_client_stop(&srv->carrier.bus, on_bus_stopped, srv);
}

static void on_guard_stopped(uv_handle_t *handle)
{
	sm_stop(handle->data, on_sm_stopped);
}

void c2sd_emptied(struct c2sd *srv)
{
	guard_stop(srv, on_guard_stopped);
}

static void say_goodbye(struct client *c)
{
	client_fail(c, STREAM_SYSTEM_SHUTDOWN, NULL);
}

void c2sd_stop(struct daemon *d)
{
	struct c2sd *srv = d->state;

	srv->stopping = true;
	monitor_stop(srv);
	ports_close(&srv->ports);
	if (srv->carrier.all.count == 0)
		c2sd_emptied(srv);
	else
		for_all_clients(srv, say_goodbye);
}
