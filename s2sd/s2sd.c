/* Opening, starting, reloading and stopping s2sd; the link to routerd. */
#include "s2sd/s2sd.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "carry/inbound.h"
#include "carry/restore.h"
#include "daemon/association.h"
#include "daemon/log.h"
#include "daemon/orders.h"
#include "daemon/reload.h"
#include "s2sd/admin.h"
#include "s2sd/counters.h"
#include "s2sd/dialback.h"
#include "s2sd/failure.h"
#include "s2sd/guard.h"
#include "s2sd/peer.h"
#include "s2sd/policy.h"
#include "s2sd/proof.h"
#include "s2sd/trial.h"
#include "s2sd/way.h"

struct link *s2sd_link(const struct s2sd *srv)
{
	return carrier_link(&srv->carrier);
}

bool s2sd_router_ready(const struct s2sd *srv)
{
	return s2sd_link(srv) != NULL && srv->carrier.credit.link_bytes > 0;
}

static const struct certificates_rules certificates = {
	.role = KEY_FOR_SERVERS,
	.ca = "s2sd.ca",
	.system_trust = true,
	.own_certificate = "s2s_certificate",
	.own_key = "s2s_key",
};

enum { PORT_STARTTLS, PORT_TLS };

static const struct port_kind ports[] = {
	[PORT_STARTTLS] = {"s2sd.listen", "servers", "starttls"},
	[PORT_TLS] = {"s2sd.listen_tls", "servers", "direct"},
	{NULL},
};

int s2sd_open(struct daemon *d)
{
	struct s2sd *srv = bh_alloc(sizeof *srv);
	int rc;

	srv->daemon = d;
	certificates_init(&srv->certificates, d, &certificates);
	list_init(&srv->peers);
	list_init(&srv->trials);
	carrier_init(&srv->carrier, &s2sd_carrier);
	d->state = srv;
	tls_global_init();
	settings_read(d, &srv->settings);
	rc = certificates_load(&srv->certificates);
	if (rc == 0)
		rc = policies_set(srv, d->conf);
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

static void on_connection(void *owner, int fd, unsigned kind)
{
	peer_accept(owner, fd, kind == PORT_TLS);
}

/* Nobody is let in before there is a routerd to take what he says. */
static void accept_peers(struct s2sd *srv)
{
	if (srv->accepting || srv->stopping || srv->draining)
		return;
	srv->accepting = true;
	association_set_accepting(true);
	ports_serve(&srv->ports, srv->daemon->loop, on_connection, srv);
	daemon_ready(srv->daemon);
}

static int on_safe(const struct bus_event *event)
{
	return carrier_on_safe(&((struct s2sd *)event->owner)->carrier, event);
}

static int on_credit(const struct bus_event *event)
{
	struct s2sd *srv = event->owner;
	int rc = carrier_on_credit(&srv->carrier, event);

	accept_peers(srv);
	list_for_each_safe(pos, &srv->peers)
		proofs_router_back(container_of(pos, struct peer, link));
	return rc;
}

static int on_settled(const struct bus_event *event)
{
	return carrier_on_settled(&((struct s2sd *)event->owner)->carrier, event);
}

/* Streams end so that they can be resumed, here or elsewhere; what goes out goes back. */
static void leave_all(struct s2sd *srv)
{
	struct map_walk walk;
	struct map_node *n;

	ports_close(&srv->ports);
	trials_drop(srv);
	list_for_each_safe(pos, &srv->peers)
		peer_fail(container_of(pos, struct peer, link), STREAM_SYSTEM_SHUTDOWN, NULL);
	map_walk_start(&walk, &srv->ways);
	while ((n = map_walk_next(&walk)) != NULL)
		way_give_back(container_of(n, struct way, node));
}

static int on_drain(const struct bus_event *event)
{
	struct s2sd *srv = event->owner;
	struct msg_drain m;

	if (bus_get_drain(event->frame->body, &m) != 0)
		return BH_EPROTO;
	log_info("draining", "ways=%zu streams-in=%u", srv->ways.count, srv->nconnected);
	srv->draining = true;
	association_set_accepting(false);
	leave_all(srv);
	return 0;
}

const struct bus_handler s2sd_handlers[] = {
	{BUS_CREDIT, on_credit},
	{BUS_SAFE, on_safe},
	{BUS_SETTLED, on_settled},
	ORDER_HANDLERS,
	{BUS_DRAIN, on_drain},
	{BUS_STATS_GET, counter_answer},
	{BUS_ASSOCIATIONS_GET, on_associations_get},
	{BUS_DIALBACK_SECRET, on_dialback_secret},
	{BUS_PROVEN, on_proven},
	{BUS_BOUND, on_bound},
	{BUS_BIND_REFUSED, on_bind_refused},
	{BUS_REACH, on_reach},
	{BUS_WAY_KNOWN, on_way_known},
	{BUS_SM_ENABLED, on_sm_enabled},
	{BUS_FENCE, on_fence},
	{BUS_DROP, on_drop},
	{BUS_RESUMED, on_resumed},
	{BUS_RESUME_REFUSED, on_resume_refused},
	{BUS_DELIVER, on_deliver},
	{BUS_KILL, on_kill},
	{BUS_CTL_REQUEST, on_ctl_request},
	{0, NULL},
};

static void on_up(void *owner, const struct msg_welcome *welcome)
{
	(void)welcome;
	log_info("router-up", "role=s2sd");
	restore_send(&((struct s2sd *)owner)->carrier);
}

static void on_room(void *owner)
{
	restore_go_on(&((struct s2sd *)owner)->carrier);
}

/* What had a session keeps it, and says so to the next routerd; what asked for one asks no more. */
static void on_router_lost(struct carried *c)
{
	struct peer *p = peer_of(c);

	if (p == NULL)
		way_router_lost(way_of(c));
	else if (p->bound || p->detached)
		inbound_rewind(c);
	else
		p->known = p->binding = false;
	if (p != NULL && p->stream != NULL)
		proofs_router_lost(p);
	if (p != NULL && p->sm.resuming)
		peer_fail(p, STREAM_SYSTEM_SHUTDOWN, "the server restarts");
}

static void on_down(void *owner, const char *why)
{
	struct s2sd *srv = owner;
	struct map_walk walk;
	struct map_node *n;

	log_warn("router-down", "reason=%s", LOG_TEXT(why));
	trials_drop(srv);
	restore_lost(&srv->carrier);
	map_walk_start(&walk, &srv->carrier.all);
	while ((n = map_walk_next(&walk)) != NULL)
		on_router_lost(container_of(n, struct carried, node));
}

static void on_flushed(void *owner)
{
	carrier_flush_done(&((struct s2sd *)owner)->carrier);
}

static int start_resolver(struct s2sd *srv)
{
	const struct conf *conf = srv->daemon->conf;
	struct resolver_spec spec = {
		.loop = srv->daemon->loop,
		.forwarder = conf_text(conf, "s2sd.resolver"),
		.anchor = conf_text(conf, "s2sd.trust_anchor"),
		.hosts = "/etc/hosts",
	};
	char what[256];

	if (resolver_create(&spec, &srv->resolver, what, sizeof what) == 0)
		return 0;
	daemon_fail(srv->daemon, "%s", what);
	return BH_ECONFIG;
}

int s2sd_start(struct daemon *d)
{
	struct s2sd *srv = d->state;
	struct bus_client_spec spec = {
		.loop = d->loop,
		.role = ROLE_S2S,
		.run_dir = d->run_dir,
		.instance = d->instance,
		.software = BULKHEAD_VERSION,
		.configuration = d->configuration,
		.handlers = s2sd_handlers,
		.owner = srv,
		.on_up = on_up,
		.on_down = on_down,
		.on_room = on_room,
	};

	counter_enrol(s2sd_counters);
	associations_enrol();
	association_set_limit(srv->settings.connections);
	srv->parsers = reader_pool_create();
	if (start_resolver(srv) != 0)
		return BH_ECONFIG;
	if (guard_start(srv) != 0 || stream_hub_start(d->loop, &srv->hub) != 0)
		return BH_ENOMEM;
	stream_hub_on_flushed(srv->hub, on_flushed, srv);
	if (certificates_start(&srv->certificates) != 0)
		return BH_ECONFIG;
	return bus_client_start(&spec, &srv->carrier.bus);
}

int s2sd_prepare(struct daemon *d, void **prepared)
{
	struct s2sd *srv = d->state;
	struct tls_store *tls;
	int rc = certificates_prepare(&srv->certificates, &tls);

	if (rc == 0)
		*prepared = tls;
	return rc;
}

void s2sd_adopt(struct daemon *d, void *prepared)
{
	struct s2sd *srv = d->state;

	certificates_adopt(&srv->certificates, prepared);
	settings_read(d, &srv->settings);
	failures_free(srv);
	if (policies_set(srv, d->conf) != 0)
		log_error("reload-failed", "reason=\"no memory for the rules of domains\"");
}

void s2sd_discard(struct daemon *d, void *prepared)
{
	struct tls_store *tls = prepared;

	(void)d;
	tls_store_unref(&tls);
}

bool s2sd_ask_reload(struct daemon *d)
{
	return reload_ask(s2sd_link(d->state));
}

/* ---- the end ----------------------------------------------------------------------------- */

static void on_keys_stopped(void *arg)
{
	struct s2sd *srv = arg;
	struct daemon *d = srv->daemon;

	gate_fini(&srv->gate);
	crowd_fini(&srv->asking);
	failures_free(srv);
	policies_free(srv);
	reader_pool_free(&srv->parsers);
	carrier_fini(&srv->carrier);
	map_fini(&srv->ways);
	buf_fini(&srv->scratch);
	free(srv);
	tls_global_fini();
	daemon_stopped(d);
}

static void on_hub_stopped(void *arg)
{
	struct s2sd *srv = arg;

	certificates_stop(&srv->certificates, on_keys_stopped, srv);
}

static void on_bus_stopped(void *arg)
{
	struct s2sd *srv = arg;

	stream_hub_stop(&srv->hub, on_hub_stopped, srv);
}

static void on_resolver_stopped(void *arg)
{
	struct s2sd *srv = arg;

	bus_client_stop(&srv->carrier.bus, on_bus_stopped, srv);
}

static void on_guard_stopped(uv_handle_t *handle)
{
	struct s2sd *srv = handle->data;

	resolver_stop(&srv->resolver, on_resolver_stopped, srv);
}

void s2sd_emptied(struct s2sd *srv)
{
	if (srv->stopping && srv->carrier.all.count == 0 && !uv_is_closing((uv_handle_t *)&srv->guard_timer))
		guard_stop(srv, on_guard_stopped);
}

void s2sd_stop(struct daemon *d)
{
	struct s2sd *srv = d->state;

	srv->stopping = true;
	leave_all(srv);
	s2sd_emptied(srv);
}
