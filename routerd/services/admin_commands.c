/* Service administration (XEP-0133): one function a command. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "routerd/account.h"
#include "routerd/announce.h"
#include "routerd/front.h"
#include "routerd/roster_view.h"
#include "routerd/services/command_parts.h"
#include "routerd/services/disabling.h"
#include "routerd/session.h"
#include "routerd/sharing.h"
#include "xmpp/error.h"
#include "xmpp/names.h"

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
	command_answer(call);
	command_number(call, "onlineusersnum", "The number of online users", n);
	return command_done(call);
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

static enum command_end online_list(struct command_call *call)
{
	struct listing l = {call->out, command_most_items(call)};

	if (l.left == 0)
		return command_bad(call, "max_items is a number, or \"none\"");
	command_answer(call);
	form_answer_begin(call->out, "onlineuserjids", "The list of online users");
	sharing_each_present(call->transit->cause.router, call->domain, list_one, &l);
	form_answer_end(call->out);
	return command_done(call);
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
	struct named_account each = {.at = NULL};
	struct account *a;

	while (command_next_account(call, "accountjids", &each))
		;
	if (call->problem != NULL)
		return COMMAND_BAD;
	each = (struct named_account){.at = NULL};
	while (command_next_account(call, "accountjids", &each)) {
		command_note(call, each.jid.full);
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
	enum command_end loaded = command_load_accounts(call, "accountjids");
	struct named_account each = {.at = NULL};

	if (loaded != COMMAND_DONE)
		return loaded;
	command_answer(call);
	while (command_next_account(call, "accountjids", &each)) {
		command_note(call, each.jid.bare);
		put_login(call, account_find(call->transit->cause.router, each.jid.bare));
	}
	return command_done(call);
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
	command_number(call, "rostersize", "Roster size", roster_view_size(a));
	form_answer_begin(call->out, "onlineresources", "Online resources");
	list_for_each(pos, &a->sessions)
		form_value(call->out, container_of(pos, struct session, in_account)->jid.resource);
	form_answer_end(call->out);
}

static enum command_end statistics(struct command_call *call)
{
	enum command_end loaded = command_load_accounts(call, "accountjid");
	struct named_account each = {.at = NULL};

	if (loaded != COMMAND_DONE)
		return loaded;
	if (!command_next_account(call, "accountjid", &each))
		return COMMAND_BAD;
	command_note(call, each.jid.bare);
	command_answer(call);
	put_statistics(call, account_find(call->transit->cause.router, each.jid.bare));
	return command_done(call);
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
	return fits ? COMMAND_DONE : command_bad(call, "an announcement has 1 to 16384 bytes");
}

/* ---- the table --------------------------------------------------------------------------------------- */

static const char *const item_numbers[] = {"25", "50", "75", "100", "150", "200", "none", NULL};

static const struct form_field
	max_items = {"max_items", "list-single", "Maximum number of items to show", false, item_numbers},
	disabled = {"accountjids", "jid-multi", "The Jabber ID(s) to disable", true, NULL},
	enabled = {"accountjids", "jid-multi", "The Jabber ID(s) to re-enable", true, NULL},
	sessions_of = {"accountjids", "jid-multi", "The Jabber ID(s) for which to end sessions", true, NULL},
	logins_of = {"accountjids", "jid-multi", "The Jabber ID(s) for which to retrieve the last login time", true, NULL},
	statistics_of = {"accountjid", "jid-single", "The Jabber ID for statistics", true, NULL},
	announced = {"announcement", "text-multi", "Announcement", true, NULL};

const struct command admin_commands[] = {
	{NS_ADMIN "#get-online-users-num", "Get Number of Online Users", NULL, NULL, 0, online_number, false},
	{NS_ADMIN "#get-online-users-list", "Get List of Online Users", "How many are to be listed?", &max_items, 1,
		online_list, false},
	{NS_ADMIN "#get-disabled-users-num", "Get Number of Disabled Users", NULL, NULL, 0, disabling_number, true},
	{NS_ADMIN "#get-disabled-users-list", "Get List of Disabled Users", "How many are to be listed?", &max_items, 1,
		disabling_list, true},
	{NS_ADMIN "#disable-user", "Disable User", "Nobody can log in to the accounts any more; their data stay.",
		&disabled, 1, disabling_disable, true},
	{NS_ADMIN "#reenable-user", "Re-Enable User", "Their users can log in again.", &enabled, 1, disabling_enable, true},
	{NS_ADMIN "#end-user-session", "End User Session",
		"All sessions of an account, or the one of a resource.", &sessions_of, 1, end_session, false},
	{NS_ADMIN "#get-user-lastlogin", "Get User Last Login Time",
		"Of one who is online, when he came; else when he was last seen.", &logins_of, 1, last_logins, false},
	{NS_ADMIN "#user-stats", "Get User Statistics", "Whose?", &statistics_of, 1, statistics, false},
	{NS_ADMIN "#announce", "Send Announcement to Online Users", "It is shown to all who are online.", &announced, 1,
		announce_all, false},
};
const size_t admin_commands_count = sizeof admin_commands / sizeof admin_commands[0];
