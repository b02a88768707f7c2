/* Verbs about accounts, and what authd answers. */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/exits.h"
#include "bus/codes.h"
#include "bus/textlist.h"
#include "routerd/account.h"
#include "routerd/admin.h"
#include "routerd/domains.h"
#include "routerd/erase.h"
#include "routerd/front.h"
#include "routerd/relay.h"
#include "routerd/purge.h"
#include "routerd/requests.h"
#include "routerd/revoked.h"
#include "routerd/roster_view.h"
#include "routerd/verb.h"
#include "xmpp/error.h"

/* REASON_MAX and what is said before it; KILL takes 256 bytes. */
enum { REASON_MAX = 200, KILL_TEXT_SIZE = 256 };

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
	ctl_columns(q->asker->link, q->subject, "account state created reason");
	(void)LINK_SEND(authd->link, ACCOUNT_LIST, account_list, id, &m);
}

static void verb_user_purge(const struct ask *q)
{
	char text[JID_MAX + 1];
	struct jid jid;

	if (ask_account(q, text, &jid) == 0)
		purge_begin(q->router, jid.bare, q->asker, q->subject);
}

static void verb_user_delete(const struct ask *q)
{
	char text[JID_MAX + 1];
	struct msg_account_delete m;
	struct bus_peer *authd;
	struct jid jid;
	uint64_t id;

	if (ask_account(q, text, &jid) != 0 || (id = ask_authd(q, &authd)) == 0)
		return;
	m.account = jid.bare;
	(void)LINK_SEND(authd->link, ACCOUNT_DELETE, account_delete, id, &m);
}

/* ---- disabling ------------------------------------------------------------------------------------ */

static void set_disabled(const struct ask *q, bool disabled)
{
	struct msg_account_disable m = {.disabled = disabled};
	struct str args = q->args, account;
	char text[JID_MAX + 1];
	struct bus_peer *authd;
	struct jid jid;
	uint64_t id;

	if (ask_account(q, text, &jid) != 0)
		return;
	(void)textlist_take(&args, &account);
	if (disabled && textlist_take(&args, &m.reason) && m.reason.len > REASON_MAX) {
		ctl_end(q->asker->link, q->subject, EXIT_USAGE, "a reason has %d bytes at most", REASON_MAX);
		return;
	}
	id = ask_authd(q, &authd);
	if (id == 0)
		return;
	m.account = jid.bare;
	(void)LINK_SEND(authd->link, ACCOUNT_DISABLE, account_disable, id, &m);
}

static void verb_user_disable(const struct ask *q)
{
	set_disabled(q, true);
}

static void verb_user_enable(const struct ask *q)
{
	set_disabled(q, false);
}

/* ---- all of one ----------------------------------------------------------------------------------- */

/* An account that is asked after, and kept in memory meanwhile; the asker may leave. */
struct showing {
	struct router *router;
	uint64_t id; /* of the request */
	struct account *account;
};

static const char *state_name(unsigned state)
{
	static const char *const names[] = {
		[ACCOUNT_ABSENT] = "absent", [ACCOUNT_ACTIVE] = "enabled", [ACCOUNT_DISABLED] = "disabled"};

	return state < sizeof names / sizeof names[0] && names[state] != NULL ? names[state] : "unknown";
}

static void time_cell(struct ctl_row *row, int64_t wall)
{
	char stamp[CLOCK_STAMP_SIZE] = "-";

	if (wall != 0)
		clock_stamp(wall, stamp);
	ctl_cell(row, "%s", stamp);
}

static void show_account(const struct ask *q, const struct account *a, const struct reply *found)
{
	const struct domain *d = domain_find(&q->router->domains, a->jid.domain);
	struct ctl_row row;

	ctl_columns(q->asker->link, q->subject,
		"account state reason held_by created last_seen sessions contacts blocked offline_messages");
	ctl_row_begin(&row, q->asker->link, q->subject);
	ctl_cell(&row, "%s", a->text);
	ctl_cell(&row, "%s", state_name(found->code));
	ctl_cell(&row, "%.*s", STR_FMT(found->text));
	ctl_cell(&row, "%s", d != NULL && d->directory.name != NULL ? d->directory.name : "authd");
	time_cell(&row, a->created / 1000000);
	time_cell(&row, a->last_seen);
	ctl_cell(&row, "%u", a->nsessions);
	ctl_cell(&row, "%zu", roster_view_size(a));
	ctl_cell(&row, "%zu", a->blocklist.entries.count);
	ctl_cell(&row, "%u", a->offline.rows);
	ctl_row_end(&row);
	ask_done(q);
}

static void end_showing(struct showing *showing, const struct reply *reply)
{
	struct request *q = request_find(showing->router, showing->id, NULL);

	if (q != NULL)
		request_answer(showing->router, q, reply);
	account_release(showing->account);
	free(showing);
}

static void on_state_told(void *arg, const struct reply *found)
{
	struct showing *showing = arg;
	struct request *q = request_find(showing->router, showing->id, NULL);

	if (found->lost || found->code == ACCOUNT_UNREADABLE) {
		end_showing(showing, &(struct reply){.code = EXIT_TEMPORARY,
			.text = found->lost ? found->text : STR_LIT("authd cannot tell")});
		return;
	}
	if (found->code == ACCOUNT_ABSENT) {
		end_showing(showing, &(struct reply){.code = EXIT_NOT_FOUND, .text = STR_LIT("there is no such account")});
		return;
	}
	if (q != NULL) {
		show_account(&(struct ask){.router = showing->router, .asker = q->asker, .subject = q->subject},
			showing->account, found);
		request_close(showing->router, q);
	}
	account_release(showing->account);
	free(showing);
}

static void on_loaded(void *arg)
{
	struct showing *showing = arg;
	const struct msg_account_lookup m = {.account = showing->account->jid.bare};

	if (REQUEST_AUTHD(showing->router, ACCOUNT_LOOKUP, account_lookup, &m, on_state_told, showing) == 0)
		on_state_told(showing, &(struct reply){.lost = true, .text = STR_LIT("authd is not running")});
}

static void verb_user_show(const struct ask *q)
{
	struct showing *showing;
	char text[JID_MAX + 1];
	struct account *a;
	struct jid jid;

	if (ask_account(q, text, &jid) != 0)
		return;
	a = account_of_ours(q->router, jid.bare);
	if (a == NULL) {
		ctl_end(q->asker->link, q->subject, EXIT_NOT_FOUND, "there is no account %s", text);
		return;
	}
	account_hold(a);
	showing = bh_alloc(sizeof *showing);
	*showing = (struct showing){q->router, request_open(q->router, q->asker, q->subject, NULL), a};
	if (account_ready(a))
		on_loaded(showing);
	else
		account_when_ready(a, on_loaded, showing);
}

/* ---- what authd says ------------------------------------------------------------------------------- */

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

/* Who tries whose password is worth a line, right or wrong. */
int on_auth_test(const struct bus_event *event)
{
	struct ask q = {
		.router = front_of(event)->router,
		.asker = event->owner,
		.subject = event->frame->subject,
	};
	struct bus_peer *authd;
	struct msg_auth_test m;
	uint64_t id;

	if (bus_get_auth_test(event->frame->body, &m) != 0)
		return BH_EPROTO;
	admin_note(&q, STR_LIT("user.auth-test"));
	id = ask_authd(&q, &authd);
	if (id != 0)
		(void)LINK_SEND(authd->link, AUTH_TEST, auth_test, id, &m);
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
	if (q != NULL && q->row != NULL)
		q->row(q->arg, &m);
	if (q == NULL || q->asker == NULL)
		return 0;
	request_heard(q);
	clock_stamp((int64_t)m.created, since);
	ctl_row_begin(&row, q->asker->link, q->subject);
	ctl_cell(&row, "%.*s", STR_FMT(m.account));
	ctl_cell(&row, "%.*s", STR_FMT(m.state));
	ctl_cell(&row, "%s", since);
	ctl_cell(&row, "%.*s", STR_FMT(m.reason));
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
		request_answer(r, q, &(struct reply){.code = m.state, .generation = m.generation, .text = m.reason});
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
		[ACCOUNT_WAS_ENABLED] = NULL,
	};
	struct router *r = front_of(event)->router;
	bool from_directory = front_of(event)->peer->role == ROLE_DIR;
	struct msg_account_changed m;
	char text[KILL_TEXT_SIZE];
	struct account *a;
	struct jid jid;

	if (bus_get_account_changed(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (from_directory && !domains_in_directory(&r->domains, m.account, &jid))
		return 0;
	if (from_directory || (m.change != ACCOUNT_WAS_ADDED && m.change != ACCOUNT_WAS_ENABLED))
		revoked_note(r, m.account, m.generation,
			m.change == ACCOUNT_GOT_PASSWORD ? SASL_NOT_AUTHORIZED : SASL_ACCOUNT_DISABLED);
	a = account_find(r, m.account);
	if (a != NULL && m.change < sizeof why / sizeof why[0] && why[m.change] != NULL) {
		snprintf(text, sizeof text, "%s%s%.*s", why[m.change], m.reason.len > 0 ? ": " : "", STR_FMT(m.reason));
		account_revoke(a, &(struct revocation){.generation = m.generation, .request = event->frame->subject,
			.stream_error = STREAM_NOT_AUTHORIZED, .text = text});
	}
	if (a != NULL && m.change == ACCOUNT_WAS_ADDED && a->state == ACCOUNT_NOWHERE)
		account_load(a);
	if (m.change == ACCOUNT_WAS_DELETED)
		account_erase(r, m.account, from_directory ? m.generation : UINT64_MAX);
	return 0;
}

const struct verb user_verbs[] = {
	{"user.list", verb_user_list, false},
	{"user.show", verb_user_show, false},
	{"user.delete", verb_user_delete, true},
	{"user.purge", verb_user_purge, true},
	{"user.disable", verb_user_disable, true},
	{"user.enable", verb_user_enable, true},
	{NULL, NULL, false},
};
