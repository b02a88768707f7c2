/* Requests about accounts: checks them, and answers in sentences for administrators. */
#include "authd/requests.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "authd/authd.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/exits.h"
#include "daemon/log.h"
#include "xmpp/jid.h"

/* A change under way, and who is to hear of it. */
struct request {
	struct list link; /* in authd.requests, where it waits for a directory */
	struct dirjob *job;
	struct authd *authd;
	uint64_t subject;
	uint64_t link_number;
	int how;
	char *account;
};

__attribute__((format(printf, 4, 5))) static void reply(const struct authd *a, uint64_t subject,
	enum exit_code code, const char *fmt, ...)
{
	struct link *link = bus_client_link(a->client);
	struct msg_account_reply m = {.code = (uint16_t)code};
	char text[512];
	va_list ap;
	int n;

	if (link == NULL)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		n = 0; /* a cut could fall into the middle of a character */
	m.text = str_make(text, (size_t)n);
	(void)LINK_SEND(link, ACCOUNT_REPLY, account_reply, subject, &m);
}

static void reply_done(const struct request *r, int rc)
{
	const char *name = r->account;

	switch (rc) {
	case 0:
		reply(r->authd, r->subject, EXIT_OK, "%s", "");
		break;
	case BH_EEXIST:
		reply(r->authd, r->subject, EXIT_CONFLICT, "the account %s exists already", name);
		break;
	case BH_ENOTFOUND:
		reply(r->authd, r->subject, EXIT_NOT_FOUND, "there is no account %s", name);
		break;
	case BH_EINVAL:
		reply(r->authd, r->subject, EXIT_USAGE, "the password of %s has characters that "
			"SASLprep (RFC 4013) does not allow", name);
		break;
	case BH_EBUSY:
	case BH_ECLOSED:
		reply(r->authd, r->subject, EXIT_TEMPORARY, "authd is %s; try again: %s",
			rc == BH_EBUSY ? "busy" : "stopping", name);
		break;
	default:
		reply(r->authd, r->subject, EXIT_TEMPORARY, "the account store failed at %s (%s); "
			"the log of authd says why", name, bh_strerror(rc));
	}
}

static const char *event_name(int how)
{
	switch (how) {
	case ACCOUNT_DISABLE:
		return "account-disable";
	case ACCOUNT_ENABLE:
		return "account-enable";
	case ACCOUNT_PURGE:
		return "account-purge";
	case ACCOUNT_REMOVE:
		return "account-delete";
	case ACCOUNT_ADD:
		return "account-add";
	case ACCOUNT_PASSWORD:
		return "account-password";
	default:
		return "account-import";
	}
}

static void request_free(struct request *r)
{
	free(r->account);
	free(r);
}

static void on_changed(void *arg, int rc)
{
	struct request *r = arg;

	log_info(event_name(r->how), "account=%s result=%s", LOG_TEXT(r->account),
		LOG_TEXT(bh_strerror(rc)));
	if (r->link_number == r->authd->link_number)
		reply_done(r, rc);
	request_free(r);
}

void requests_on_change(void *owner, const struct account_write *change)
{
	const struct authd *a = owner;
	struct link *link = bus_client_link(a->client);
	struct msg_account_changed m = {
		.account = str_of(change->account),
		.generation = change->generation,
		.change = (uint8_t)change->change,
		.reason = str_of(change->reason),
	};

	if (link != NULL)
		(void)LINK_SEND(link, ACCOUNT_CHANGED, account_changed, change->request, &m);
}

/* A bare JID of a user here; if not, it is answered. */
static bool check_account(const struct authd *a, uint64_t subject, struct str account,
	char out[JID_MAX + 1], struct jid *jid)
{
	if (jid_prepare(account, out, jid) < 0 || jid->local.p == NULL || jid->resource.p != NULL) {
		reply(a, subject, EXIT_USAGE, "\"%.*s\" is no address of a user (user@domain)",
			STR_FMT(account));
		return false;
	}
	if (policy_domain(&a->policy, jid->domain) == NULL) {
		reply(a, subject, EXIT_USAGE, "the domain %.*s is not served here",
			STR_FMT(jid->domain));
		return false;
	}
	return true;
}

/* It is not ours to change; then that is answered. */
static bool held_elsewhere(const struct authd *a, uint64_t subject, struct str domain)
{
	const char *directory = policy_directory(&a->policy, domain);

	if (directory != NULL)
		reply(a, subject, EXIT_USAGE, "the accounts of %.*s are held by the directory \"%s\": change them "
			"there", STR_FMT(domain), directory);
	return directory != NULL;
}

static void start(struct authd *a, uint64_t subject, const struct account_order *wanted)
{
	struct request *r = bh_alloc(sizeof(*r));
	struct account_order order = *wanted;
	int rc;

	r->authd = a;
	r->subject = subject;
	r->link_number = a->link_number;
	r->how = order.how;
	r->account = bh_strndup(order.account.p, order.account.len);
	order.request = subject;
	order.done = on_changed;
	order.arg = r;
	rc = accounts_change(a->accounts, &order);
	if (rc < 0)
		on_changed(r, rc);
}

/* ---- passwords in a directory ------------------------------------------------------------ */

static void on_password_taken(void *arg, const struct dirjob_result *result)
{
	struct request *r = arg;
	const struct account_write changed = {.account = r->account, .request = r->subject, .generation = clock_wall_us(),
		.change = ACCOUNT_GOT_PASSWORD};

	log_info(event_name(r->how), "account=%s result=%s reason=%s", LOG_TEXT(r->account),
		LOG_TEXT(bh_strerror(result->rc)), LOG_TEXT(result->rc != 0 ? result->why : "-"));
	list_remove(&r->link);
	if (result->rc == 0 && result->found)
		requests_on_change(r->authd, &changed);
	if (r->link_number == r->authd->link_number && result->rc == BH_EINVAL)
		reply(r->authd, r->subject, EXIT_USAGE, "%s", result->why);
	else if (r->link_number == r->authd->link_number)
		reply_done(r, result->rc == 0 && !result->found ? BH_ENOTFOUND : result->rc);
	request_free(r);
}

void requests_abandon(struct authd *a)
{
	const struct dirjob_result gone = {.rc = BH_ECLOSED, .why = "the directories have changed"};

	while (!list_empty(&a->requests)) {
		struct request *r = container_of(a->requests.next, struct request, link);

		dirjob_cancel(&r->job);
		on_password_taken(r, &gone);
	}
}

static bool takes_passwords(const struct authd *a, struct str domain)
{
	const char *directory = policy_directory(&a->policy, domain);

	return directory != NULL && directories_take_passwords(a->directories, directory);
}

static void give_password(struct authd *a, uint64_t subject, const struct jid *jid, struct str password)
{
	struct request *r = bh_alloc(sizeof(*r));
	const struct dirjob_order order = {
		.kind = DIRJOB_CHANGE, .name = jid->local, .password = password, .done = on_password_taken, .arg = r};
	int rc;

	*r = (struct request){.authd = a, .subject = subject, .link_number = a->link_number, .how = ACCOUNT_PASSWORD,
		.account = bh_strndup(jid->bare.p, jid->bare.len)};
	list_append(&a->requests, &r->link);
	rc = directories_ask(a->directories, policy_directory(&a->policy, jid->domain), &order, &r->job);
	if (rc != 0)
		on_password_taken(r, &(struct dirjob_result){.rc = rc, .why = "too much waits for it"});
}

/* ---- accounts ------------------------------------------------------------------------------ */

int on_account_put(const struct bus_event *event)
{
	struct authd *a = event->owner;
	uint64_t subject = event->frame->subject;
	char text[JID_MAX + 1];
	struct msg_account_put m;
	struct jid jid;

	if (bus_get_account_put(event->frame->body, &m) < 0)
		return BH_EPROTO;
	if (!check_account(a, subject, m.account, text, &jid))
		return 0;
	if (m.how == ACCOUNT_PASSWORD && m.password.len > 0 && takes_passwords(a, jid.domain)) {
		give_password(a, subject, &jid, m.password);
		return 0;
	}
	if (held_elsewhere(a, subject, jid.domain))
		return 0;
	if (m.how < ACCOUNT_ADD || m.how > ACCOUNT_IMPORT)
		reply(a, subject, EXIT_USAGE, "%u is no kind of change", m.how);
	else if (m.password.len == 0)
		reply(a, subject, EXIT_USAGE, "the password of %.*s is empty", STR_FMT(jid.bare));
	else
		start(a, subject, &(struct account_order){
			.how = m.how, .account = jid.bare, .password = m.password});
	return 0;
}

/* ---- trying a password --------------------------------------------------------------------- */

int on_auth_test(const struct bus_event *event)
{
	struct authd *a = event->owner;
	char text[JID_MAX + 1];
	struct msg_auth_test m;
	struct jid jid;

	if (bus_get_auth_test(event->frame->body, &m) < 0)
		return BH_EPROTO;
	if (!check_account(a, event->frame->subject, m.account, text, &jid))
		return 0;
	m.account = jid.bare;
	conversations_test(a->conversations, event->frame->subject, &m);
	return 0;
}

/* By the reason; what stands nowhere is a failure of ours, or too much to do. */
void requests_on_tested(void *owner, uint64_t id, const struct exchange *x)
{
	static const struct {
		const char *reason;
		enum exit_code code;
		const char *text;
	} answers[] = {
		{"unknown-account", EXIT_NOT_FOUND, "there is no such account"},
		{"wrong-password", EXIT_FAILED, "the password is wrong"},
		{"disabled", EXIT_FAILED, "the password is right, and the account is disabled"},
		{"locked", EXIT_FAILED, "the directory says that the account is locked"},
		{"password-expired", EXIT_FAILED, "the directory says that the password has expired"},
		{"password-must-change", EXIT_FAILED, "the password is right, and must be changed first, where the account is "
			"managed"},
		{"malformed", EXIT_USAGE, "no password is like that"},
		{"throttled", EXIT_TEMPORARY, "there were too many wrong passwords for this account: try again later"},
		{"directory-failed", EXIT_TEMPORARY, "the directory cannot be asked; the log of authd says why"},
	};

	if (x->condition == 0) {
		reply(owner, id, EXIT_OK, "the password opens %s", x->account);
		return;
	}
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
		if (strcmp(answers[i].reason, x->reason) == 0) {
			reply(owner, id, answers[i].code, "%s", answers[i].text);
			return;
		}
	reply(owner, id, EXIT_TEMPORARY, "it could not be tried (%s)", x->reason);
}

/* ---- more about accounts ------------------------------------------------------------------- */

/* how: ACCOUNT_REMOVE or ACCOUNT_PURGE. */
static void remove_account(struct authd *a, uint64_t subject, struct str account, int how)
{
	char text[JID_MAX + 1];
	struct jid jid;

	/* Of a domain that is no longer served, too: its accounts must go somehow. */
	if (jid_prepare(account, text, &jid) < 0 || jid.local.p == NULL || jid.resource.p != NULL)
		reply(a, subject, EXIT_USAGE, "\"%.*s\" is no address of a user (user@domain)", STR_FMT(account));
	else if (!held_elsewhere(a, subject, jid.domain))
		start(a, subject, &(struct account_order){.how = how, .account = jid.bare});
}

int on_account_delete(const struct bus_event *event)
{
	struct msg_account_delete m;

	if (bus_get_account_delete(event->frame->body, &m) < 0)
		return BH_EPROTO;
	remove_account(event->owner, event->frame->subject, m.account, ACCOUNT_REMOVE);
	return 0;
}

int on_account_purge(const struct bus_event *event)
{
	struct msg_account_purge m;

	if (bus_get_account_purge(event->frame->body, &m) < 0)
		return BH_EPROTO;
	remove_account(event->owner, event->frame->subject, m.account, ACCOUNT_PURGE);
	return 0;
}

int on_account_disable(const struct bus_event *event)
{
	struct authd *a = event->owner;
	uint64_t subject = event->frame->subject;
	struct msg_account_disable m;
	char text[JID_MAX + 1];
	struct jid jid;

	if (bus_get_account_disable(event->frame->body, &m) < 0)
		return BH_EPROTO;
	if (check_account(a, subject, m.account, text, &jid) && !held_elsewhere(a, subject, jid.domain))
		start(a, subject, &(struct account_order){.how = m.disabled ? ACCOUNT_DISABLE : ACCOUNT_ENABLE,
			.account = jid.bare, .reason = m.reason});
	return 0;
}

static void on_listed(void *arg, uint64_t subject, int rc)
{
	if (rc == 0)
		reply(arg, subject, EXIT_OK, "%s", "");
	else
		reply(arg, subject, EXIT_TEMPORARY, "the account store cannot be read; the log "
			"of authd says why");
}

int on_account_list(const struct bus_event *event)
{
	struct authd *a = event->owner;
	char domain[JID_PART_MAX + 1];
	struct msg_account_list m;
	size_t len;
	struct listing_order order = {
		.subject = event->frame->subject, .done = on_listed, .arg = a};

	if (bus_get_account_list(event->frame->body, &m) < 0)
		return BH_EPROTO;
	if (m.domain.p != NULL && m.domain.len > 0) {
		if (jid_prepare_domain(m.domain, domain, &len) < 0) {
			reply(a, order.subject, EXIT_USAGE, "\"%.*s\" is no domain",
				STR_FMT(m.domain));
			return 0;
		}
		order.domain = domain;
		if (held_elsewhere(a, order.subject, str_make(domain, len)))
			return 0;
	}
	if (listings_add(a->listings, &order) < 0)
		reply(a, order.subject, EXIT_TEMPORARY, "too many lists at once; try again");
	return 0;
}
