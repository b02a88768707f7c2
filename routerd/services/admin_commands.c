/* Service administration (XEP-0133): one function a command. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "routerd/account.h"
#include "routerd/announce.h"
#include "routerd/front.h"
#include "routerd/keep.h"
#include "routerd/roster_view.h"
#include "routerd/services/commands.h"
#include "routerd/session.h"
#include "routerd/sharing.h"
#include "xmpp/error.h"
#include "xmpp/names.h"

enum { ACCOUNTS = 100, LISTED = 1000 };

static void note_about(struct command_call *call, struct str what)
{
	if (call->about->len > 0)
		buf_put_byte(call->about, ' ');
	buf_put_str(call->about, what);
}

static enum command_end bad(struct command_call *call, const char *problem)
{
	call->problem = problem;
	return COMMAND_BAD;
}

static void begin(struct command_call *call)
{
	form_begin(call->out, "result", NS_ADMIN);
}

static enum command_end done(struct command_call *call)
{
	form_end(call->out);
	return COMMAND_DONE;
}

static void answer_number(struct command_call *call, const char *var, const char *label, size_t n)
{
	char text[24];

	snprintf(text, sizeof text, "%zu", n);
	form_answer_begin(call->out, var, label);
	form_value(call->out, str_of(text));
	form_answer_end(call->out);
}

/* ---- addresses that were filled in ------------------------------------------------------------ */

struct address {
	const struct tree_node *at;
	unsigned n;
	char text[JID_MAX + 1];
	struct jid jid;
};

/* The next account of the domain in that field.  false: there is none, or it is none, and then a problem. */
static bool next_address(struct command_call *call, const char *var, struct address *a)
{
	struct str value;

	if (!form_next(call->form, var, &a->at, &value)) {
		if (a->n == 0)
			call->problem = "an account is needed";
		return false;
	}
	if (jid_prepare(value, a->text, &a->jid) != 0 || a->jid.local.p == NULL ||
		!str_eq(a->jid.domain, call->domain))
		call->problem = "only accounts of the domain can be named";
	else if (++a->n > ACCOUNTS)
		call->problem = "too many accounts at a time";
	return call->problem == NULL;
}

static void on_account_ready(void *arg)
{
	struct kept *k = arg;
	struct transit t;

	kept_restore(k, &t);
	if (t.sender != NULL)
		(void)services_answer(&t, SERVICE_SERVER);
	kept_end(&k);
}

/* All of them are in memory; or one is not, and the command is carried out when it is. */
static enum command_end load_accounts(struct command_call *call, const char *var)
{
	struct address each = {.at = NULL};

	while (next_address(call, var, &each)) {
		struct account *a = account_get(call->transit->cause.router, each.jid.bare);

		if (a != NULL && !account_ready(a)) {
			account_when_ready(a, on_account_ready, transit_keep(call->transit));
			return COMMAND_WAIT;
		}
		if (a == NULL || a->state != ACCOUNT_THERE)
			return bad(call, "there is no such account");
	}
	return call->problem != NULL ? COMMAND_BAD : COMMAND_DONE;
}

/* ---- who is there ------------------------------------------------------------------------------ */

static void count(void *arg, struct account *a)
{
	(void)a;
	++*(size_t *)arg;
}

static enum command_end online_number(struct command_call *call)
{
	size_t n = 0;

	sharing_each_present(call->transit->cause.router, call->domain, count, &n);
	begin(call);
	answer_number(call, "onlineusersnum", "The number of online users", n);
	return done(call);
}

struct listing {
	struct buf *out;
	unsigned left;
};

static void list_one(void *arg, struct account *a)
{
	struct listing *l = arg;

	if (l->left == 0)
		return;
	l->left--;
	form_value(l->out, a->jid.bare);
}

/* "none" is as many as we say at all.  0: it is no number. */
static unsigned most_items(const struct command_call *call)
{
	const struct tree_node *at = NULL;
	char digits[12], *end;
	struct str value;
	unsigned long n;

	if (!form_next(call->form, "max_items", &at, &value) || str_is(value, "none"))
		return LISTED;
	snprintf(digits, sizeof digits, "%.*s", STR_FMT(value));
	n = strtoul(digits, &end, 10);
	if (*end != '\0')
		return 0;
	return n < LISTED ? (unsigned)n : LISTED;
}

static enum command_end online_list(struct command_call *call)
{
	struct listing l = {call->out, most_items(call)};

	if (l.left == 0)
		return bad(call, "max_items is a number, or \"none\"");
	begin(call);
	form_answer_begin(call->out, "onlineuserjids", "The list of online users");
	sharing_each_present(call->transit->cause.router, call->domain, list_one, &l);
	form_answer_end(call->out);
	return done(call);
}

/* ---- one account -------------------------------------------------------------------------------- */

static void end_sessions(struct account *a, const struct jid *jid)
{
	list_for_each_safe(pos, &a->sessions) {
		struct session *s = container_of(pos, struct session, in_account);

		if (jid->resource.p == NULL || str_eq(jid->resource, s->jid.resource))
			session_kill(s, STREAM_POLICY_VIOLATION, "closed by an administrator");
	}
}

/* All are looked at before the first is ended. */
static enum command_end end_session(struct command_call *call)
{
	struct address each = {.at = NULL};
	struct account *a;

	while (next_address(call, "accountjids", &each))
		;
	if (call->problem != NULL)
		return COMMAND_BAD;
	each = (struct address){.at = NULL};
	while (next_address(call, "accountjids", &each)) {
		note_about(call, each.jid.full);
		a = account_find(call->transit->cause.router, each.jid.bare);
		if (a != NULL)
			end_sessions(a, &each.jid);
	}
	return COMMAND_DONE;
}

/* Of one who is there, when he came; of one who is not, when he was last seen. */
static int64_t last_login(const struct account *a)
{
	int64_t last = 0;

	list_for_each(pos, &a->sessions) {
		const struct session *s = container_of(pos, struct session, in_account);

		if (s->since > last)
			last = s->since;
	}
	return last != 0 ? last : a->last_seen;
}

static void put_login(struct command_call *call, const struct account *a)
{
	char stamp[CLOCK_STAMP_SIZE];

	form_answer_begin(call->out, "accountjids", "The account");
	form_value(call->out, a->jid.bare);
	form_answer_end(call->out);
	form_answer_begin(call->out, "lastlogin", "Last login");
	if (last_login(a) != 0) {
		clock_stamp(last_login(a), stamp);
		form_value(call->out, str_of(stamp));
	}
	form_answer_end(call->out);
}

static enum command_end last_logins(struct command_call *call)
{
	enum command_end loaded = load_accounts(call, "accountjids");
	struct address each = {.at = NULL};

	if (loaded != COMMAND_DONE)
		return loaded;
	begin(call);
	while (next_address(call, "accountjids", &each)) {
		note_about(call, each.jid.bare);
		put_login(call, account_find(call->transit->cause.router, each.jid.bare));
	}
	return done(call);
}

/* Without the port. */
static void put_address(struct buf *out, const struct session *s)
{
	struct str address = str_of(s->connection != NULL ? s->connection->address : NULL);
	const char *port = address.p != NULL ? strrchr(address.p, ':') : NULL;

	if (port != NULL)
		address.len = (uint32_t)(port - address.p);
	if (address.len > 0)
		form_value(out, address);
}

static void put_statistics(struct command_call *call, const struct account *a)
{
	form_answer_begin(call->out, "ipaddresses", "Addresses");
	list_for_each(pos, &a->sessions)
		put_address(call->out, container_of(pos, struct session, in_account));
	form_answer_end(call->out);
	answer_number(call, "rostersize", "Roster size", roster_view_size(a));
	form_answer_begin(call->out, "onlineresources", "Online resources");
	list_for_each(pos, &a->sessions)
		form_value(call->out, container_of(pos, struct session, in_account)->jid.resource);
	form_answer_end(call->out);
}

static enum command_end statistics(struct command_call *call)
{
	enum command_end loaded = load_accounts(call, "accountjid");
	struct address each = {.at = NULL};

	if (loaded != COMMAND_DONE)
		return loaded;
	if (!next_address(call, "accountjid", &each))
		return COMMAND_BAD;
	note_about(call, each.jid.bare);
	begin(call);
	put_statistics(call, account_find(call->transit->cause.router, each.jid.bare));
	return done(call);
}

/* ---- a word to all -------------------------------------------------------------------------------- */

static enum command_end announce_all(struct command_call *call)
{
	const struct tree_node *at = NULL;
	struct buf text = BUF_INIT;
	bool fits;
	struct str line;

	while (form_next(call->form, "announcement", &at, &line) && text.len <= ANNOUNCEMENT_MAX) {
		if (text.len > 0)
			buf_put_byte(&text, '\n');
		buf_put_str(&text, line);
	}
	fits = announcement_fits(buf_str(&text));
	if (fits)
		(void)announce(call->transit->cause.router, call->domain, buf_str(&text));
	buf_fini(&text);
	return fits ? COMMAND_DONE : bad(call, "an announcement has 1 to 16384 bytes");
}

/* ---- the table --------------------------------------------------------------------------------------- */

static const char *const item_numbers[] = {"25", "50", "75", "100", "150", "200", "none", NULL};

static const struct form_field
	max_items = {"max_items", "list-single", "Maximum number of items to show", false, item_numbers},
	sessions_of = {"accountjids", "jid-multi", "The Jabber ID(s) for which to end sessions", true, NULL},
	logins_of = {"accountjids", "jid-multi", "The Jabber ID(s) for which to retrieve the last login time", true, NULL},
	statistics_of = {"accountjid", "jid-single", "The Jabber ID for statistics", true, NULL},
	announced = {"announcement", "text-multi", "Announcement", true, NULL};

const struct command admin_commands[] = {
	{NS_ADMIN "#get-online-users-num", "Get Number of Online Users", NULL, NULL, 0, online_number},
	{NS_ADMIN "#get-online-users-list", "Get List of Online Users", "How many are to be listed?", &max_items, 1,
		online_list},
	{NS_ADMIN "#end-user-session", "End User Session",
		"All sessions of an account, or the one of a resource.", &sessions_of, 1, end_session},
	{NS_ADMIN "#get-user-lastlogin", "Get User Last Login Time",
		"Of one who is online, when he came; else when he was last seen.", &logins_of, 1, last_logins},
	{NS_ADMIN "#user-stats", "Get User Statistics", "Whose?", &statistics_of, 1, statistics},
	{NS_ADMIN "#announce", "Send Announcement to Online Users", "It is shown to all who are online.", &announced, 1,
		announce_all},
};
const size_t admin_commands_count = sizeof admin_commands / sizeof admin_commands[0];
