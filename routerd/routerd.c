/* Opening, starting and stopping the router; peers that come and go. */
#include "routerd/routerd.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/exits.h"
#include "base/rand.h"
#include "daemon/association.h"
#include "daemon/log.h"
#include "routerd/abroad.h"
#include "routerd/accepted.h"
#include "routerd/account.h"
#include "routerd/busy.h"
#include "routerd/caps.h"
#include "routerd/component.h"
#include "routerd/conversation.h"
#include "routerd/counters.h"
#include "routerd/custody.h"
#include "routerd/custody_store.h"
#include "routerd/data.h"
#include "routerd/domains.h"
#include "routerd/ended.h"
#include "routerd/federation.h"
#include "routerd/ending.h"
#include "routerd/front.h"
#include "routerd/handlers.h"
#include "routerd/hibernate.h"
#include "routerd/instances.h"
#include "routerd/mechanisms.h"
#include "routerd/monitor.h"
#include "routerd/offline.h"
#include "routerd/outbox.h"
#include "routerd/question.h"
#include "routerd/registration.h"
#include "routerd/reload.h"
#include "routerd/requests.h"
#include "routerd/restore.h"
#include "routerd/revoked.h"
#include "routerd/rules.h"
#include "routerd/session.h"
#include "routerd/session_row.h"
#include "routerd/settle.h"
#include "routerd/sharing.h"
#include "routerd/trace.h"
#include "routerd/watch.h"

static void owner_of(unsigned role, const char *user, struct bus_socket_owner *owner)
{
	gid_t gid;

	*owner = (struct bus_socket_owner){.role = role, .mode = 0600, .gid = (gid_t)-1};
	daemon_user(user, &owner->uid, &gid);
}

/* Administrators: root, whoever runs the suite without being root, and the members of the group. */
static void admins_of(struct daemon *d, unsigned role, const char *setting, struct bus_socket_owner *owner)
{
	const char *name = conf_text(d->conf, setting);
	gid_t gid = name != NULL ? daemon_group(name) : (gid_t)-1;

	*owner = (struct bus_socket_owner){.role = role, .mode = gid != (gid_t)-1 ? 0660 : 0600, .uid = (uid_t)-1, .gid = gid};
	if (gid == (gid_t)-1 && name != NULL && geteuid() == 0)
		log_warn("no-group", "setting=%s group=%s result=\"only root may\"", LOG_TEXT(setting), LOG_TEXT(name));
}

int routerd_open(struct daemon *d)
{
	struct router *r = bh_alloc(sizeof *r);
	struct bus_socket_owner owners[9];
	char what[256];
	int rc;

	owner_of(ROLE_C2S, "c2sd", &owners[0]);
	owner_of(ROLE_S2S, "s2sd", &owners[1]);
	owner_of(ROLE_AUTH, "authd", &owners[2]);
	owner_of(ROLE_DIR, "dirsyncd", &owners[3]);
	owner_of(ROLE_SNMP, "snmp", &owners[4]);
	owner_of(ROLE_METRICS, "metrics", &owners[5]);
	owner_of(ROLE_KEY, "keyd", &owners[6]);
	admins_of(d, ROLE_CTL, "admin_group", &owners[7]);
	admins_of(d, ROLE_MONITOR, "monitor_group", &owners[8]);
	rc = bus_server_open(d->run_dir, &(struct bus_socket_owners){owners, 9}, &r->server, what, sizeof what);
	if (rc != 0) {
		daemon_fail(d, "%s", what);
		free(r);
		return rc;
	}
	r->daemon = d;
	d->state = r;
	return data_open(d, &r->store);
}

/* Its own life long: a key of a former routerd is asked about no more than seconds later. */
static void tell_secret(struct router *r, struct bus_peer *peer)
{
	struct msg_dialback_secret m = {
		.secret = str_make((const char *)r->dialback_secret, sizeof r->dialback_secret)};

	(void)LINK_SEND(peer->link, DIALBACK_SECRET, dialback_secret, 0, &m);
}

static void on_daemon(struct router *r, struct bus_peer *peer)
{
	instances_joined(r, peer);
	log_info("peer-joined", "peer=%s role=%s pid=%ld version=%s", peer->instance, bus_role_name(peer->role),
		(long)peer->pid, LOG_TEXT(peer->software));
	reload_joined(r, peer);
}

static void on_peer(void *owner, struct bus_peer *peer)
{
	struct router *r = owner;
	struct front *front = front_create(r, peer);

	peer->data = front;
	association_opened(ASSOCIATION_IN);
	if ((peer->role & ROLES_DAEMONS) != 0)
		on_daemon(r, peer);
	if (peer->role == ROLE_AUTH) {
		accounts_ask(r);
		restore_check_accounts(r);
	}
	if (peer->role == ROLE_S2S)
		tell_secret(r, peer);
	if (peer->role == ROLE_DIR)
		questions_ask_again(r);
	if (peer->role != ROLE_C2S)
		return;
	mechanisms_tell(r, front);
	caps_tell(r, front);
}

static void on_gone(void *owner, struct bus_peer *peer, const char *why)
{
	struct router *r = owner;
	struct front *front = peer->data;
	bool planned;

	association_closed(ASSOCIATION_IN);
	watch_lost(r, peer);
	if (peer->role == ROLE_AUTH)
		r->authd_gone_ms = clock_ms();
	requests_lost(r, peer);
	trace_gone(r, peer);
	conversations_lost(r, peer);
	reload_lost(r, peer);
	mechanisms_lost(r, peer);
	planned = instances_left(r, peer) || r->stopping;
	/* Administrators' commands come and go, but what breaks a rule is news. */
	if ((peer->role & ROLES_ADMIN) == 0 || strcmp(why, LINK_CLOSED_BY_PEER) != 0)
		log_event(planned ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "peer-left", "peer=%s reason=%s", peer->instance,
			r->stopping || !planned ? LOG_TEXT(why) : "goodbye");
	front_free(&front);
	origins_tell(r);
}

static void on_peer_held(struct bus_peer *peer, uint64_t upto)
{
	custody_held(peer->data, upto);
}

static void on_peer_room(struct bus_peer *peer)
{
	custody_go_on(peer->data);
}

static void on_refused(void *owner, unsigned role, pid_t pid, const char *why)
{
	(void)owner;
	association_rejected();
	log_warn("peer-refused", "role=%s pid=%ld reason=%s", bus_role_name(role), (long)pid,
		LOG_TEXT(why));
}

/* After the turn's frames: one SAFE a front end, before the links write. */
static void on_turn_end(uv_check_t *check)
{
	struct router *r = check->data;

	session_rows_flush(r);
	custody_store_flush(r);
	settle_tell(r);
	origins_tell(r);
	hibernate_progress(r);
}

static uint32_t number(const struct conf *conf, const char *name)
{
	int64_t n = conf_number(conf, name);

	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static void take_settings(struct router *r, const struct conf *conf)
{
	r->limits = (struct router_limits){
		.session_queue = number(conf, "routerd.session_queue"),
		.session_stanzas = number(conf, "routerd.session_stanzas"),
		.session_credit = number(conf, "routerd.session_credit"),
		.link_credit = number(conf, "routerd.link_credit"),
		.sessions_per_account = number(conf, "routerd.sessions_per_account"),
		.c2s_connections = number(conf, "c2sd.connections"),
		.s2s_connections = number(conf, "s2sd.connections"),
		.account_idle_ms = number(conf, "routerd.account_idle") * 1000,
		.accounts_idle = number(conf, "routerd.accounts_idle"),
		.roster_contacts = number(conf, "routerd.roster_contacts"),
		.roster_groups = number(conf, "routerd.roster_groups"),
		.offline_messages = number(conf, "routerd.offline_messages"),
		.offline_expiry_s = number(conf, "routerd.offline_expiry"),
		.vcard = number(conf, "routerd.vcard"),
		.private_xml = number(conf, "routerd.private_xml"),
		.blocklist = number(conf, "routerd.blocklist"),
		.directed_presence = number(conf, "routerd.directed_presence"),
		.resume_s = number(conf, "routerd.resume_timeout"),
		.resume_sessions = number(conf, "routerd.resume_sessions"),
		.s2s_wait_s = number(conf, "routerd.s2s_wait"),
		.registrations_per_address = number(conf, "routerd.registrations_per_address"),
		.registration = conf_bool(conf, "routerd.registration"),
		.password_change = conf_bool(conf, "routerd.password_change"),
	};
	if (r->limits.session_stanzas > ORIGIN_WINDOW)
		r->limits.session_stanzas = ORIGIN_WINDOW;
	r->most.session_stanzas = larger(r->most.session_stanzas, r->limits.session_stanzas);
	r->most.session_credit = larger(r->most.session_credit, r->limits.session_credit);
	r->most.link_credit = larger(r->most.link_credit, r->limits.link_credit);
}

/* Once a second: what is old goes. */
static void on_tick(uv_timer_t *timer)
{
	struct router *r = timer->data;

	accounts_expire(r, false);
	offline_tick(r);
	hibernate_tick(r);
	revoked_tick(r);
	endings_tick(r);
	custody_store_overdue(r);
	settle_tick(r);
	sharing_tick(r);
	registrations_tick(r->registrations);
	questions_tick(r);
	requests_tick(r);
	accounts_ask(r);
	restore_tick(r);
	reload_tick(r);
	connections_tick(r);
	instances_tick(r);
	watch_tick(r);
}

static void start_handles(struct router *r)
{
	r->turn_end.data = r;
	uv_check_init(r->daemon->loop, &r->turn_end);
	uv_check_start(&r->turn_end, on_turn_end);
	uv_unref((uv_handle_t *)&r->turn_end);
	r->tick.data = r;
	uv_timer_init(r->daemon->loop, &r->tick);
	uv_timer_start(&r->tick, on_tick, 1000, 1000);
	uv_unref((uv_handle_t *)&r->tick);
}

static int take_domains(struct router *r, const struct conf *conf)
{
	int rc = domains_set(&r->domains, conf);

	if (rc == 0)
		rc = components_set(r, conf);
	if (rc == 0)
		rc = caps_set(r);
	if (rc == 0)
		rc = rules_set(r->rules, conf);
	if (rc == 0)
		abroad_review(r);
	if (rc == 0)
		sharing_review(r);
	return rc;
}

struct cause cause_of_server(struct router *r)
{
	return (struct cause){.router = r, .origin = r->self, .number = ++r->self->number};
}

static void on_restored_rows(struct router *r, int rc)
{
	struct bus_server_spec spec = {
		.loop = r->daemon->loop,
		.handlers = router_handlers,
		.owner = r,
		.on_peer = on_peer,
		.on_gone = on_gone,
		.on_held = on_peer_held,
		.on_room = on_peer_room,
		.on_refused = on_refused,
		.boot = r->boot,
	};

	r->loading = false;
	if (rc == 0 && r->stopping) {
		routerd_stop(r->daemon);
		return;
	}
	if (rc == 0)
		rc = bus_server_start(r->server, &spec);
	if (rc != 0) {
		daemon_fail(r->daemon, "groups and sessions of the last run cannot be read: %s", bh_strerror(rc));
		exit(EXIT_TEMPORARY); /* nothing has begun */
	}
	daemon_ready(r->daemon);
}

/* Who sees whom is known before anybody is there. */
static void on_groups_loaded(struct router *r, int rc)
{
	if (rc == 0)
		restore_load(r, on_restored_rows);
	else
		on_restored_rows(r, rc);
}

static void make_parts(struct router *r)
{
	list_init(&r->unsafe_told);
	list_init(&r->idle);
	list_init(&r->unasked);
	list_init(&r->killed);
	list_init(&r->asleep);
	list_init(&r->unsealed);
	list_init(&r->changed);
	list_init(&r->ended_order);
	list_init(&r->revoked_order);
	list_init(&r->outbox);
	list_init(&r->endings);
	r->self = origin_create(r);
	r->busy_accounts = bh_alloc(sizeof *r->busy_accounts);
	r->busy_domains = bh_alloc(sizeof *r->busy_domains);
	r->conversations = conversations_create(r);
	r->requests = requests_create();
	r->mechanisms = mechanisms_create();
	r->registrations = registrations_create();
	r->questions = questions_create();
	r->reload = reload_create();
	r->rules = rules_create();
	r->sharing = sharing_create(r);
	r->restoring = restoring_create(r);
	r->instances = instances_create();
	r->monitor = monitor_create(r);
	r->watching = watching_create(r);
}

int routerd_start(struct daemon *d)
{
	struct router *r = d->state;

	rand_bytes(&r->boot, sizeof r->boot);
	rand_bytes(r->dialback_secret, sizeof r->dialback_secret);
	r->started_ms = r->authd_gone_ms = clock_ms();
	make_parts(r);
	counter_enrol(router_counters);
	associations_enrol();
	association_set_accepting(true);
	take_settings(r, d->conf);
	start_handles(r);
	if (take_domains(r, d->conf) != 0 || store_start(r->store, d->loop) != 0)
		return BH_ENOMEM;
	r->loading = true;
	sharing_load(r, on_groups_loaded);
	return 0;
}

void routerd_adopt(struct daemon *d, void *prepared)
{
	struct router *r = d->state;

	(void)prepared;
	take_settings(r, d->conf);
	restore_credit(r);
	if (take_domains(r, d->conf) != 0)
		log_error("reload-failed", "reason=\"no memory for the domains\"");
	federation_review_all(r);
}

bool routerd_ask_reload(struct daemon *d)
{
	reload_begin(d->state, NULL);
	return true;
}

static void on_store_closed(void *arg)
{
	struct router *r = arg;
	struct daemon *d = r->daemon;

	sharing_free(&r->sharing);
	endings_free(r);
	accounts_expire(r, true);
	accepted_forget(r);
	ended_free(r);
	revoked_free(r);
	outbox_free(r);
	restoring_free(&r->restoring);
	conversations_free(&r->conversations);
	requests_free(&r->requests);
	questions_free(&r->questions);
	reload_free(&r->reload);
	mechanisms_free(&r->mechanisms);
	registrations_free(&r->registrations);
	watching_free(&r->watching);
	monitor_free(&r->monitor);
	instances_free(&r->instances);
	rules_free(&r->rules);
	components_free(r);
	origin_unref(&r->self);
	free(r->busy_accounts);
	free(r->busy_domains);
	domains_free(&r->domains);
	map_fini(&r->accounts);
	map_fini(&r->sessions);
	map_fini(&r->pairs);
	free(r);
	daemon_stopped(d);
}

/* Nobody sends any more: what was changed is committed. */
static void on_all_closed(void *arg)
{
	struct router *r = arg;
	struct map_walk walk;
	struct map_node *n;

	session_rows_flush(r);
	custody_store_flush(r);
	map_walk_start(&walk, &r->sessions);
	while ((n = map_walk_next(&walk)) != NULL)
		session_discard(container_of(n, struct session, node));
	accounts_give_up(r);
	store_stop(&r->store, on_store_closed, r);
}

static void on_tick_closed(uv_handle_t *handle)
{
	struct router *r = handle->data;

	bus_server_stop(&r->server, on_all_closed, r);
}

static void on_sharing_stopped(void *arg)
{
	struct router *r = arg;

	uv_close((uv_handle_t *)&r->tick, on_tick_closed);
}

static void on_barrier_closed(void *arg)
{
	sharing_stop(arg, on_sharing_stopped);
}

static void on_turn_end_closed(uv_handle_t *handle)
{
	struct router *r = handle->data;

	restoring_stop(r, on_barrier_closed);
}

void routerd_stop(struct daemon *d)
{
	struct router *r = d->state;

	r->stopping = true;
	if (r->loading)
		return; /* on_restored_rows() comes back to it */
	reload_stop(r);
	uv_close((uv_handle_t *)&r->turn_end, on_turn_end_closed);
}
