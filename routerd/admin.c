/* Which verb is asked for, and whether the asker may. */
#include "routerd/admin.h"

#include "base/err.h"
#include "base/exits.h"
#include "bus/textlist.h"
#include "daemon/log.h"
#include "routerd/front.h"
#include "routerd/relay.h"
#include "routerd/verb.h"

enum {
	OPEN_MAX = 64,	      /* requests of a link; one command has one, top two */
	UNREAD_MAX = 1048576, /* answers on a link that may ask again */
};

static const struct verb *const tables[] = {daemon_verbs, session_verbs, user_verbs, queue_verbs, rule_verbs};

void ask_done(const struct ask *q)
{
	ctl_end(q->asker->link, q->subject, EXIT_OK, "%s", "");
}

static int refuse(const struct ask *q, struct str arg, const char *what)
{
	ctl_end(q->asker->link, q->subject, EXIT_USAGE, "\"%.*s\" is no %s", STR_FMT(arg), what);
	return BH_EINVAL;
}

/* The first argument; false: it is no address at all. */
static bool take_address(const struct ask *q, struct str *arg, char text[JID_MAX + 1], struct jid *jid)
{
	struct str args = q->args;

	*arg = STR_LIT("");
	return textlist_take(&args, arg) && jid_prepare(*arg, text, jid) == 0;
}

int ask_address(const struct ask *q, char text[JID_MAX + 1], struct jid *jid)
{
	struct str arg;

	return take_address(q, &arg, text, jid) ? 0 : refuse(q, arg, "address");
}

int ask_account(const struct ask *q, char text[JID_MAX + 1], struct jid *jid)
{
	struct str arg;

	if (take_address(q, &arg, text, jid) && jid->local.p != NULL)
		return 0;
	return refuse(q, arg, "address of an account");
}

int ask_domain(const struct ask *q, char text[JID_MAX + 1], struct jid *jid)
{
	struct str arg;

	if (take_address(q, &arg, text, jid) && jid->local.p == NULL && jid->resource.p == NULL)
		return 0;
	return refuse(q, arg, "domain");
}

static const struct verb *find(struct str name)
{
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (const struct verb *v = tables[i]; v->name != NULL; v++)
			if (str_is(name, v->name))
				return v;
	return NULL;
}

void admin_note(const struct ask *q, struct str verb)
{
	log_info("admin", "verb=%s uid=%lu pid=%ld", LOG_STR(verb), (unsigned long)q->asker->uid, (long)q->asker->pid);
}

/* Whoever came by monitor.sock may look at everything, and change nothing. */
static bool allowed(const struct ask *q, struct str verb, bool writes)
{
	if (!writes)
		return true;
	if (q->asker->role == ROLE_MONITOR) {
		ctl_end(q->asker->link, q->subject, EXIT_NOT_AUTHORISED,
			"\"%.*s\" is for administrators, and %s for those who only look", STR_FMT(verb),
			bus_role_socket(ROLE_MONITOR));
		return false;
	}
	admin_note(q, verb);
	return true;
}

static void run(const struct ask *q, struct str name)
{
	const struct verb *v = find(name);
	struct relay_ask ask = {q->asker, q->subject, name, q->args};
	bool writes = false;

	if (v != NULL && allowed(q, name, v->writes))
		v->run(q);
	if (v != NULL)
		return;
	if (!relay_knows(name, &writes))
		ctl_end(q->asker->link, q->subject, EXIT_USAGE, "this routerd does not know \"%.*s\"", STR_FMT(name));
	else if (allowed(q, name, writes))
		relay_verb(q->router, &ask);
}

/* Who asks and does not read, or never waits for an answer, costs no more memory than one who asks once. */
static bool has_room(const struct ask *q)
{
	const struct front *front = q->asker->data;

	if (link_queued(q->asker->link) > UNREAD_MAX) {
		link_close_after_write(q->asker->link, "it does not read what it asks for");
		return false;
	}
	if (front->asked >= OPEN_MAX)
		ctl_end(q->asker->link, q->subject, EXIT_TEMPORARY, "%d requests of this link wait already", OPEN_MAX);
	return front->asked < OPEN_MAX;
}

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
	if (has_room(&q))
		run(&q, m.verb);
	return 0;
}
