/* The verbs of ctl.sock, and the replies that come back through authd. */
#include "routerd/admin.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/exits.h"
#include "bus/codes.h"
#include "bus/ctl_answer.h"
#include "bus/textlist.h"
#include "daemon/counter.h"
#include "daemon/log.h"
#include "routerd/abroad.h"
#include "routerd/account.h"
#include "routerd/domains.h"
#include "routerd/erase.h"
#include "routerd/front.h"
#include "routerd/hibernate.h"
#include "routerd/relay.h"
#include "routerd/requests.h"
#include "routerd/revoked.h"
#include "routerd/rules.h"
#include "routerd/session.h"
#include "xmpp/error.h"

/* A request as its verb sees it. */
struct ask {
	struct router *router;
	struct bus_peer *asker;
	uint64_t subject;
	struct str args; /* a list of texts */
};

static const char *daemon_of(const struct bus_peer *p)
{
	return bus_role_name(p->role);
}

static void status_row(const struct ask *q, const struct bus_peer *p, const char *state)
{
	struct front *front = p->data;
	struct ctl_row row;

	ctl_row_begin(&row, q->asker->link, q->subject);
	ctl_cell(&row, "%s", daemon_of(p));
	ctl_cell(&row, "%s", p->instance);
	ctl_cell(&row, "%ld", (long)p->pid);
	ctl_cell(&row, "%lu", (unsigned long)((clock_ms() - p->started_ms) / 1000));
	ctl_cell(&row, "%s", p->software);
	ctl_cell(&row, "%s", state);
	ctl_cell(&row, "%zu", front->connections.count);
	ctl_row_end(&row);
}

static void verb_status(const struct ask *q)
{
	struct router *r = q->router;
	struct bus_peer self = {
		.role = ROLE_ROUTER, .pid = getpid(), .started_ms = r->started_ms,
		.instance = "routerd", .software = BULKHEAD_VERSION,
	};
	struct front none = {.connections.count = r->sessions.count};
	struct bus_peer *p = NULL;

	self.data = &none;
	ctl_columns(q->asker->link, q->subject, "daemon instance pid uptime version state sessions");
	status_row(q, &self, hibernate_healed(r) ? "custody: healed" : "custody: healing");
	while ((p = bus_server_next(r->server, ROLES_PEERS & ~(unsigned)ROLE_CTL, p)) != NULL)
		status_row(q, p, ((struct front *)p->data)->draining ? "draining" : "up");
	ctl_end(q->asker->link, q->subject, EXIT_OK, "%s", "");
}

static void session_row(const struct ask *q, const struct session *s)
{
	static const struct connection nobody;
	const struct connection *c = s->connection != NULL ? s->connection : &nobody;
	char since[CLOCK_STAMP_SIZE];
	struct ctl_row row;

	clock_stamp(s->since, since);
	ctl_row_begin(&row, q->asker->link, q->subject);
	ctl_cell(&row, "%s", s->text);
	ctl_cell(&row, "%s", c->front != NULL ? c->front->peer->instance : "-");
	ctl_cell(&row, "%lu", (unsigned long)c->id);
	ctl_cell(&row, "%s", c->address != NULL ? c->address : "-");
	ctl_cell(&row, "%s", since);
	ctl_cell(&row, "%s", c->tls ? "yes" : "no");
	ctl_cell(&row, "%s", s->mechanism);
	ctl_cell(&row, "%d", s->priority);
	ctl_cell(&row, "%s", s->connection == NULL ? "asleep" : session_available(s) ? "available" : "connected");
	ctl_row_end(&row);
}

/* The first argument as a prepared JID; an END has been sent when it is none. */
static int jid_argument(const struct ask *q, char text[JID_MAX + 1], struct jid *jid)
{
	struct str args = q->args, arg;

	if (!textlist_take(&args, &arg)) {
		ctl_end(q->asker->link, q->subject, EXIT_USAGE, "an address is needed");
		return BH_EINVAL;
	}
	if (jid_prepare(arg, text, jid) == 0 && jid->local.p != NULL)
		return 0;
	ctl_end(q->asker->link, q->subject, EXIT_USAGE, "%.*s is no address of an account",
		STR_FMT(arg));
	return BH_EINVAL;
}

static void list_account(const struct ask *q, const struct account *a)
{
	list_for_each(pos, &a->sessions)
		session_row(q, container_of(pos, struct session, in_account));
}

static void verb_session_list(const struct ask *q)
{
	char text[JID_MAX + 1];
	struct account *a;
	struct map_walk walk;
	struct map_node *n;
	struct jid jid;

	if (q->args.len > 0 && jid_argument(q, text, &jid) != 0)
		return;
	ctl_columns(q->asker->link, q->subject,
		"jid instance connection address since tls mechanism priority state");
	if (q->args.len > 0) {
		a = account_find(q->router, jid.bare);
		if (a != NULL)
			list_account(q, a);
	} else {
		map_walk_start(&walk, &q->router->accounts);
		while ((n = map_walk_next(&walk)) != NULL)
			list_account(q, container_of(n, struct account, node));
	}
	ctl_end(q->asker->link, q->subject, EXIT_OK, "%s", "");
}

static unsigned kill_sessions(struct account *a, const struct jid *jid)
{
	unsigned n = 0;

	list_for_each_safe(pos, &a->sessions) {
		struct session *s = container_of(pos, struct session, in_account);

		if (jid->resource.p != NULL && !str_eq(jid->resource, s->jid.resource))
			continue;
		session_kill(s, STREAM_POLICY_VIOLATION, "closed by the administrator");
		n++;
	}
	return n;
}

static void verb_session_kill(const struct ask *q)
{
	char text[JID_MAX + 1];
	struct account *a;
	struct jid jid;
	unsigned n;

	if (jid_argument(q, text, &jid) != 0)
		return;
	a = account_find(q->router, jid.bare);
	n = a != NULL ? kill_sessions(a, &jid) : 0;
	if (n == 0)
		ctl_end(q->asker->link, q->subject, EXIT_NOT_FOUND, "%s has no session", text);
	else
		ctl_end(q->asker->link, q->subject, EXIT_OK, "%u closed", n);
}

/* An authd and a number under which to ask it; 0 after an END that says why not. */
static uint64_t ask_authd(const struct ask *q, struct bus_peer **authd)
{
	uint64_t id = 0;

	*authd = requests_authd(q->router);
	if (*authd != NULL)
		id = request_open(q->router, q->asker, q->subject, *authd);
	if (id == 0)
		ctl_end(q->asker->link, q->subject, EXIT_TEMPORARY, "authd is not running");
	return id;
}

static bool in_directory(const struct router *r, struct str name)
{
	char text[JID_PART_MAX + 1];
	const struct domain *d;
	size_t len;

	if (jid_prepare_domain(name, text, &len) != 0)
		return false;
	d = domain_find(&r->domains, str_make(text, len));
	return d != NULL && d->directory.name != NULL;
}

/* authd's accounts and those of directories, in one table. */
static void verb_user_list(const struct ask *q)
{
	const struct relay_ask further = {q->asker, q->subject, STR_LIT("user.list"), q->args};
	struct msg_account_list m = {0};
	struct str args = q->args;
	struct bus_peer *authd;
	uint64_t id;

	if (textlist_take(&args, &m.domain) && in_directory(q->router, m.domain)) {
		relay_to_directory(q->router, &further);
		return;
	}
	id = ask_authd(q, &authd);
	if (id == 0)
		return;
	if (m.domain.p == NULL)
		relay_to_directory_after(q->router, request_find(q->router, id, authd), &further);
	ctl_columns(q->asker->link, q->subject, "account state created");
	(void)LINK_SEND(authd->link, ACCOUNT_LIST, account_list, id, &m);
}

static void verb_user_delete(const struct ask *q)
{
	char text[JID_MAX + 1];
	struct msg_account_delete m;
	struct bus_peer *authd;
	struct jid jid;
	uint64_t id;

	if (jid_argument(q, text, &jid) != 0 || (id = ask_authd(q, &authd)) == 0)
		return;
	m.account = jid.bare;
	(void)LINK_SEND(authd->link, ACCOUNT_DELETE, account_delete, id, &m);
}

static struct bus_peer *instance_argument(const struct ask *q, struct str *args)
{
	struct bus_peer *p = NULL;
	struct str name;

	if (!textlist_take(args, &name))
		name = STR_LIT("");
	while ((p = bus_server_next(q->router->server, ROLES_PEERS & ~(unsigned)ROLE_CTL, p)) != NULL)
		if (str_is(name, p->instance))
			return p;
	ctl_end(q->asker->link, q->subject, EXIT_NOT_FOUND, "no daemon \"%.*s\" is running",
		STR_FMT(name));
	return NULL;
}

static void counter_rows(struct link *link, uint64_t subject, struct str list)
{
	char value[COUNTED_TEXT_SIZE];
	struct counted c;

	ctl_columns(link, subject, "counter value about");
	while (counter_take(&list, &c)) {
		struct ctl_row row;

		counted_text(&c, value);
		ctl_row_begin(&row, link, subject);
		ctl_cell(&row, "%.*s", STR_FMT(c.name));
		ctl_cell(&row, "%s", value);
		ctl_cell(&row, "%.*s", STR_FMT(c.about));
		ctl_row_end(&row);
	}
	ctl_end(link, subject, EXIT_OK, "%s", "");
}

/* Our own counters, or those that another daemon tells us. */
static void verb_stats(const struct ask *q)
{
	struct msg_stats_get m = {};
	struct buf own = BUF_INIT;
	struct str args = q->args, name = STR_NONE, rest = q->args;
	struct bus_peer *p;
	uint64_t id;

	if (!textlist_take(&args, &name) || str_is(name, "routerd")) {
		counter_list(&own);
		counter_rows(q->asker->link, q->subject, buf_str(&own));
		buf_fini(&own);
		return;
	}
	p = instance_argument(q, &rest);
	if (p == NULL)
		return;
	id = request_open(q->router, q->asker, q->subject, p);
	(void)LINK_SEND(p->link, STATS_GET, stats_get, id, &m);
}

static void verb_log_level(const struct ask *q)
{
	struct str args = q->args, name, text = STR_NONE, rest = q->args;
	struct msg_set_log m;
	enum log_level level;
	struct bus_peer *p;
	char word[16];

	if (!textlist_take(&args, &name) || !textlist_take(&args, &text))
		text = STR_LIT("");
	snprintf(word, sizeof word, "%.*s", STR_FMT(text));
	if (!log_level_parse(word, &level)) {
		ctl_end(q->asker->link, q->subject, EXIT_USAGE,
			"the levels are error, warn, info and debug");
		return;
	}
	if (str_is(name, "routerd")) {
		log_set_level(level);
	} else {
		p = instance_argument(q, &rest);
		if (p == NULL)
			return;
		m.log_level = (uint8_t)level;
		(void)LINK_SEND(p->link, SET_LOG, set_log, 0, &m);
	}
	ctl_end(q->asker->link, q->subject, EXIT_OK, "%s", "");
}

static void verb_restart(const struct ask *q)
{
	struct str args = q->args, rest = q->args, name;
	struct msg_restart m;
	struct bus_peer *p;

	if (textlist_take(&args, &name) && str_is(name, "routerd")) {
		daemon_restart(q->router->daemon);
	} else {
		p = instance_argument(q, &rest);
		if (p == NULL)
			return;
		(void)LINK_SEND(p->link, RESTART, restart, 0, &m);
	}
	ctl_end(q->asker->link, q->subject, EXIT_OK, "%s", "");
}

static void verb_drain(const struct ask *q)
{
	struct str rest = q->args;
	struct msg_drain m;
	struct bus_peer *p = instance_argument(q, &rest);
	struct front *front = p != NULL ? p->data : NULL;

	if (p == NULL)
		return;
	if ((p->role & ROLES_FRONT) == 0) {
		ctl_end(q->asker->link, q->subject, EXIT_USAGE, "only a c2sd or an s2sd can be drained");
		return;
	}
	front->draining = true;
	(void)LINK_SEND(p->link, DRAIN, drain, 0, &m);
	ctl_end(q->asker->link, q->subject, EXIT_OK, "%s", "");
}

struct rule_asked {
	struct router *router;
	uint64_t id; /* of the request, which the asker may have left */
	bool allowed;
};

static void on_rule_stored(void *arg, int rc)
{
	struct rule_asked *asked = arg;
	struct request *q = request_find(asked->router, asked->id, NULL);

	abroad_review(asked->router);
	if (q != NULL)
		request_answer(asked->router, q, &(struct reply){
			.code = rc == 0 ? EXIT_OK : EXIT_FAILED,
			.text = rc != 0 ? str_of(bh_strerror(rc))
				: asked->allowed ? STR_LIT("allowed") : STR_LIT("denied")});
	free(asked);
}

static void put_rule(const struct ask *q, bool allowed)
{
	struct rule_asked *asked;
	struct str args = q->args, arg;
	char text[JID_MAX + 1];
	struct jid jid;

	if (!textlist_take(&args, &arg) || jid_prepare(arg, text, &jid) != 0 || jid.local.p != NULL ||
		jid.resource.p != NULL) {
		ctl_end(q->asker->link, q->subject, EXIT_USAGE, "that is no domain");
		return;
	}
	asked = bh_alloc(sizeof *asked);
	asked->router = q->router;
	asked->id = request_open(q->router, q->asker, q->subject, NULL);
	asked->allowed = allowed;
	log_info("s2s-rule", "domain=%s allowed=%s", LOG_STR(jid.domain), allowed ? "yes" : "no");
	rules_add(q->router, jid.domain, allowed, on_rule_stored, asked);
}

static void verb_s2s_allow(const struct ask *q)
{
	put_rule(q, true);
}

static void verb_s2s_deny(const struct ask *q)
{
	put_rule(q, false);
}

static void rule_row(void *arg, const char *domain, bool allowed, bool configured)
{
	const struct ask *q = arg;
	struct ctl_row row;

	ctl_row_begin(&row, q->asker->link, q->subject);
	ctl_cell(&row, "%s", domain);
	ctl_cell(&row, "%s", allowed ? "allowed" : "denied");
	ctl_cell(&row, "%s", configured ? "configuration" : "administrator");
	ctl_row_end(&row);
}

static void verb_s2s_rules(const struct ask *q)
{
	struct ask asked = *q;

	ctl_columns(q->asker->link, q->subject, "domain rule from");
	rules_each(q->router->rules, rule_row, &asked);
	ctl_end(q->asker->link, q->subject, EXIT_OK, "%s", "");
}

static const struct verb {
	const char *name;
	void (*run)(const struct ask *q);
} verbs[] = {
	{"status", verb_status},
	{"session.list", verb_session_list},
	{"session.kill", verb_session_kill},
	{"user.list", verb_user_list},
	{"user.delete", verb_user_delete},
	{"stats", verb_stats},
	{"log.level", verb_log_level},
	{"restart", verb_restart},
	{"drain", verb_drain},
	{"s2s.allow", verb_s2s_allow},
	{"s2s.deny", verb_s2s_deny},
	{"s2s.rules", verb_s2s_rules},
};

int on_ctl_request(const struct bus_event *event)
{
	struct ask q = {
		.router = front_of(event)->router,
		.asker = event->owner,
		.subject = event->frame->subject,
	};
	struct msg_ctl_request m;

	if (bus_get_ctl_request(event->frame->body, &m) != 0)
		return BH_EPROTO;
	q.args = m.args;
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (str_is(m.verb, verbs[i].name)) {
			verbs[i].run(&q);
			return 0;
		}
	if (relay_verb(q.router, &(struct relay_ask){q.asker, q.subject, m.verb, m.args}))
		return 0;
	ctl_end(event->link, q.subject, EXIT_USAGE, "this routerd does not know \"%.*s\"",
		STR_FMT(m.verb));
	return 0;
}

int on_account_put(const struct bus_event *event)
{
	struct ask q = {
		.router = front_of(event)->router,
		.asker = event->owner,
		.subject = event->frame->subject,
	};
	struct bus_peer *authd;
	struct msg_account_put m;
	uint64_t id;

	if (bus_get_account_put(event->frame->body, &m) != 0)
		return BH_EPROTO;
	id = ask_authd(&q, &authd);
	if (id != 0)
		(void)LINK_SEND(authd->link, ACCOUNT_PUT, account_put, id, &m);
	return 0;
}

int on_account_row(const struct bus_event *event)
{
	struct request *q = request_find(front_of(event)->router, event->frame->subject, event->owner);
	char since[CLOCK_STAMP_SIZE];
	struct msg_account_row m;
	struct ctl_row row;

	if (bus_get_account_row(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (q == NULL || q->asker == NULL)
		return 0;
	clock_stamp((int64_t)m.created, since);
	ctl_row_begin(&row, q->asker->link, q->subject);
	ctl_cell(&row, "%.*s", STR_FMT(m.account));
	ctl_cell(&row, "%.*s", STR_FMT(m.state));
	ctl_cell(&row, "%s", since);
	ctl_row_end(&row);
	return 0;
}

int on_account_reply(const struct bus_event *event)
{
	struct router *r = front_of(event)->router;
	struct request *q = request_find(r, event->frame->subject, event->owner);
	struct msg_account_reply m;

	if (bus_get_account_reply(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (q != NULL && q->relaying != NULL)
		relay_go_on(r, q, m.code, m.text);
	else if (q != NULL)
		request_answer(r, q, &(struct reply){.code = m.code, .text = m.text});
	return 0;
}

int on_account_found(const struct bus_event *event)
{
	struct router *r = front_of(event)->router;
	struct request *q = request_find(r, event->frame->subject, event->owner);
	struct msg_account_found m;

	if (bus_get_account_found(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (q != NULL && q->asker == NULL)
		request_answer(r, q, &(struct reply){.code = m.state, .generation = m.generation});
	return 0;
}

int on_stats(const struct bus_event *event)
{
	struct router *r = front_of(event)->router;
	struct request *q = request_find(r, event->frame->subject, event->owner);
	struct msg_stats m;

	if (bus_get_stats(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (q == NULL)
		return 0;
	if (q->asker == NULL) {
		request_answer(r, q, &(struct reply){.text = m.counters});
		return 0;
	}
	counter_rows(q->asker->link, q->subject, m.counters);
	request_close(r, q);
	return 0;
}

/* What an account may no longer do, its sessions do no longer (custody.md, 18).  dirsyncd says it of accounts that
 * directories hold, and of no others. */
int on_account_changed(const struct bus_event *event)
{
	static const char *const why[] = {
		[ACCOUNT_WAS_DELETED] = "the account was deleted",
		[ACCOUNT_WAS_DISABLED] = "the account was disabled",
		[ACCOUNT_GOT_PASSWORD] = "the password was changed",
		/* Made anew after a deletion that we may not have heard of. */
		[ACCOUNT_WAS_ADDED] = "the account was made anew",
	};
	struct router *r = front_of(event)->router;
	bool from_directory = front_of(event)->peer->role == ROLE_DIR;
	struct msg_account_changed m;
	struct account *a;
	struct jid jid;

	if (bus_get_account_changed(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (from_directory && !domains_in_directory(&r->domains, m.account, &jid))
		return 0;
	if (from_directory)
		revoked_note(r, m.account, m.generation);
	a = account_find(r, m.account);
	if (a != NULL && m.change < sizeof why / sizeof why[0] && why[m.change] != NULL)
		account_revoke(a, m.generation, STREAM_NOT_AUTHORIZED, why[m.change]);
	if (a != NULL && m.change == ACCOUNT_WAS_ADDED && a->state == ACCOUNT_NOWHERE)
		account_load(a);
	if (m.change == ACCOUNT_WAS_DELETED)
		account_erase(r, m.account, from_directory ? m.generation : UINT64_MAX);
	return 0;
}
