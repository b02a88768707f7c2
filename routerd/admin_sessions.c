/* Verbs about sessions. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/exits.h"
#include "bus/textlist.h"
#include "routerd/account.h"
#include "routerd/admin.h"
#include "routerd/announce.h"
#include "routerd/custody.h"
#include "routerd/domains.h"
#include "routerd/front.h"
#include "routerd/presence.h"
#include "routerd/requests.h"
#include "routerd/session.h"
#include "routerd/sharing.h"
#include "routerd/verb.h"
#include "xmpp/error.h"
#include "xmpp/tree.h"

static const char *state_of(const struct session *s)
{
	if (s->connection == NULL)
		return "asleep";
	return session_available(s) ? "available" : "connected";
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
	ctl_cell(&row, "%s", state_of(s));
	ctl_row_end(&row);
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

	if (q->args.len > 0 && ask_account(q, text, &jid) != 0)
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
	ask_done(q);
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

	if (ask_account(q, text, &jid) != 0)
		return;
	a = account_find(q->router, jid.bare);
	n = a != NULL ? kill_sessions(a, &jid) : 0;
	if (n == 0)
		ctl_end(q->asker->link, q->subject, EXIT_NOT_FOUND, "%s has no session", text);
	else
		ctl_end(q->asker->link, q->subject, EXIT_OK, "%u closed", n);
}

/* ---- how many ------------------------------------------------------------------------------------ */

struct tally {
	size_t accounts, sessions;
};

static void tally_account(void *arg, struct account *a)
{
	struct tally *t = arg;

	t->accounts++;
	t->sessions += a->nsessions;
}

static void tally_row(const struct ask *q, const struct domain *d)
{
	struct tally t = {0, 0};
	struct ctl_row row;

	sharing_each_present(q->router, str_of(d->name), tally_account, &t);
	ctl_row_begin(&row, q->asker->link, q->subject);
	ctl_cell(&row, "%s", d->name);
	ctl_cell(&row, "%zu", t.accounts);
	ctl_cell(&row, "%zu", t.sessions);
	ctl_row_end(&row);
}

static void verb_session_count(const struct ask *q)
{
	struct jid jid = {.domain = STR_NONE};
	char text[JID_MAX + 1];
	struct map_walk walk;
	struct map_node *n;

	if (q->args.len > 0 && ask_domain(q, text, &jid) != 0)
		return;
	if (jid.domain.p != NULL && !domains_have(&q->router->domains, jid.domain)) {
		ctl_end(q->asker->link, q->subject, EXIT_NOT_FOUND, "%s is no domain of ours", text);
		return;
	}
	ctl_columns(q->asker->link, q->subject, "domain accounts sessions");
	map_walk_start(&walk, &q->router->domains);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct domain *d = container_of(n, struct domain, node);

		if (jid.domain.p == NULL || str_is(jid.domain, d->name))
			tally_row(q, d);
	}
	ask_done(q);
}

/* ---- all of one ---------------------------------------------------------------------------------- */

/* A session that is being asked after: it may end meanwhile, and the asker may leave. */
struct showing {
	struct router *router;
	uint64_t id; /* of the request */
	struct bus_id session;
};

/* "online", or what its presence says (RFC 6121 4.7.2.1). */
static void show_cell(struct ctl_row *row, const struct session *s)
{
	struct tree *tree = NULL;
	struct stanza presence;
	struct str text;

	if (!session_available(s))
		ctl_cell(row, "-");
	else if (stanza_decode(parcel_envelope(s->presence), &presence) == 0 &&
		presence_child(&presence, "show", &tree, &text) == 0 && text.len > 0)
		ctl_cell(row, "%.*s", STR_FMT(text));
	else
		ctl_cell(row, "online");
	tree_free(&tree);
}

static const char *management_of(const struct session *s)
{
	if (!s->sm)
		return "off";
	return s->resume_s > 0 ? "resumable" : "on";
}

static void connection_cells(struct ctl_row *row, const struct session *s, const struct msg_connection *told)
{
	const struct connection *c = s->connection;

	ctl_cell(row, "%s", c != NULL ? c->front->peer->instance : "-");
	ctl_cell(row, "%lu", (unsigned long)(c != NULL ? c->id : 0));
	ctl_cell(row, "%s", c != NULL && c->address != NULL ? c->address : "-");
	if (told == NULL || !told->known) {
		for (int i = 0; i < 4; i++)
			ctl_cell(row, "%s", "-");
		return;
	}
	ctl_cell(row, "%.*s", STR_FMT(told->tls.len > 0 ? told->tls : STR_LIT("no")));
	ctl_cell(row, "%lu", (unsigned long)(told->idle_ms / 1000));
	ctl_cell(row, "%lu", (unsigned long)told->unwritten);
	ctl_cell(row, "%lu", (unsigned long)told->unacknowledged);
}

static void show_session(const struct ask *q, const struct session *s, const struct msg_connection *told)
{
	char since[CLOCK_STAMP_SIZE];
	struct ctl_row row;

	clock_stamp(s->since, since);
	ctl_columns(q->asker->link, q->subject,
		"jid state show priority since mechanism stream_management resume_seconds queue queue_bytes carbons "
		"instance connection address tls idle unwritten unacknowledged");
	ctl_row_begin(&row, q->asker->link, q->subject);
	ctl_cell(&row, "%s", s->text);
	ctl_cell(&row, "%s", state_of(s));
	show_cell(&row, s);
	ctl_cell(&row, "%d", s->priority);
	ctl_cell(&row, "%s", since);
	ctl_cell(&row, "%s", s->mechanism);
	ctl_cell(&row, "%s", management_of(s));
	ctl_cell(&row, "%u", s->resume_s);
	ctl_cell(&row, "%zu", list_length(&s->outbound));
	ctl_cell(&row, "%zu", s->outbound_bytes);
	ctl_cell(&row, "%s", s->carbons ? "yes" : "no");
	connection_cells(&row, s, told);
	ctl_row_end(&row);
	ask_done(q);
}

static void on_connection_told(void *arg, const struct reply *reply)
{
	struct showing *showing = arg;
	struct router *r = showing->router;
	struct request *request = request_find(r, showing->id, NULL);
	const struct session *s = session_find(r, &showing->session);

	if (request != NULL && s != NULL) {
		show_session(&(struct ask){.router = r, .asker = request->asker, .subject = request->subject}, s,
			reply->connection);
		request_close(r, request);
	} else if (request != NULL) {
		request_answer(r, request,
			&(struct reply){.code = EXIT_NOT_FOUND, .text = STR_LIT("the session has ended")});
	}
	free(showing);
}

static void ask_front(const struct ask *q, const struct session *s)
{
	struct showing *showing = bh_alloc(sizeof *showing);
	struct bus_peer *front = s->connection->front->peer;
	struct msg_connection_get m = {.connection = s->connection->id};
	uint64_t id;

	showing->router = q->router;
	showing->session = s->origin->id;
	showing->id = request_open(q->router, q->asker, q->subject, NULL);
	id = request_ask(q->router, front, on_connection_told, showing);
	if (id != 0)
		(void)LINK_SEND(front->link, CONNECTION_GET, connection_get, id, &m);
	else
		on_connection_told(showing, &(struct reply){.lost = true});
}

static void verb_session_show(const struct ask *q)
{
	const struct session *s;
	char text[JID_MAX + 1];
	struct account *a;
	struct jid jid;

	if (ask_account(q, text, &jid) != 0)
		return;
	if (jid.resource.p == NULL) {
		ctl_end(q->asker->link, q->subject, EXIT_USAGE, "which session of %s?  Name its resource", text);
		return;
	}
	a = account_find(q->router, jid.bare);
	s = a != NULL ? account_session(a, jid.resource) : NULL;
	if (s == NULL)
		ctl_end(q->asker->link, q->subject, EXIT_NOT_FOUND, "there is no session %s", text);
	else if (s->connection == NULL)
		show_session(q, s, NULL);
	else
		ask_front(q, s);
}

int on_connection(const struct bus_event *event)
{
	struct router *r = front_of(event)->router;
	struct request *q = request_find(r, event->frame->subject, event->owner);
	struct msg_connection m;

	if (bus_get_connection(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (q != NULL && q->asker == NULL)
		request_answer(r, q, &(struct reply){.connection = &m});
	return 0;
}

/* ---- a word to all -------------------------------------------------------------------------------- */

static void verb_announce(const struct ask *q)
{
	struct str args = q->args, text, domain = STR_NONE;
	struct map_walk walk;
	struct map_node *n;
	size_t told = 0;
	bool ours = false;

	if (!textlist_take(&args, &text) || !announcement_fits(text)) {
		ctl_end(q->asker->link, q->subject, EXIT_USAGE, "an announcement has 1 to %d bytes", ANNOUNCEMENT_MAX);
		return;
	}
	(void)textlist_take(&args, &domain);
	map_walk_start(&walk, &q->router->domains);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct domain *d = container_of(n, struct domain, node);

		if (domain.p != NULL && !str_is(domain, d->name))
			continue;
		ours = true;
		told += announce(q->router, str_of(d->name), text);
	}
	if (ours)
		ctl_end(q->asker->link, q->subject, EXIT_OK, "%zu sessions were told", told);
	else
		ctl_end(q->asker->link, q->subject, EXIT_NOT_FOUND, "%.*s is no domain of ours", STR_FMT(domain));
}

const struct verb session_verbs[] = {
	{"session.list", verb_session_list, false},
	{"session.count", verb_session_count, false},
	{"session.show", verb_session_show, false},
	{"session.kill", verb_session_kill, true},
	{"announce", verb_announce, true},
	{NULL, NULL, false},
};
