/* The daemon: its parts, its link to routerd, and the order in which they come and go. */
#include "authd/authd.h"

#include <stdlib.h>

#include "authd/gssapi.h"
#include "authd/lookup.h"
#include "authd/move.h"
#include "authd/refusals.h"
#include "authd/requests.h"
#include "authd/scram.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "daemon/counter.h"
#include "daemon/log.h"
#include "daemon/orders.h"
#include "daemon/reload.h"

/* What routerd is told again at each new link, in case the word was lost with the last one. */
enum { RETELL_S = 24 * 3600 };

/* ---- from routerd --------------------------------------------------------------------- */

static int on_auth_begin(const struct bus_event *event)
{
	struct authd *a = event->owner;
	struct msg_auth_begin m;

	if (bus_get_auth_begin(event->frame->body, &m) < 0)
		return BH_EPROTO;
	conversations_begin(a->conversations, event->frame->subject, &m);
	return 0;
}

static int on_auth_step(const struct bus_event *event)
{
	struct authd *a = event->owner;
	struct msg_auth_step m;

	if (bus_get_auth_step(event->frame->body, &m) < 0)
		return BH_EPROTO;
	conversations_step(a->conversations, event->frame->subject, m.data);
	return 0;
}

static int on_auth_abort(const struct bus_event *event)
{
	struct authd *a = event->owner;
	struct msg_auth_abort m;

	if (bus_get_auth_abort(event->frame->body, &m) < 0)
		return BH_EPROTO;
	conversations_abort(a->conversations, event->frame->subject);
	return 0;
}

static const struct bus_handler handlers[] = {
	{BUS_AUTH_BEGIN, on_auth_begin},
	{BUS_AUTH_STEP, on_auth_step},
	{BUS_AUTH_ABORT, on_auth_abort},
	{BUS_AUTH_TEST, on_auth_test},
	{BUS_ACCOUNT_PUT, on_account_put},
	{BUS_ACCOUNT_DELETE, on_account_delete},
	{BUS_ACCOUNT_DISABLE, on_account_disable},
	{BUS_ACCOUNT_LIST, on_account_list},
	{BUS_ACCOUNT_MOVE, on_account_move},
	{BUS_ACCOUNT_PURGE, on_account_purge},
	{BUS_KEYS_GET, on_keys_get},
	{BUS_ACCOUNT_LOOKUP, on_account_lookup},
	{BUS_STATS_GET, counter_answer},
	ORDER_HANDLERS,
	{0, NULL},
};

/* ---- to routerd ----------------------------------------------------------------------- */

static void send_challenge(void *owner, uint64_t id, const struct msg_auth_challenge *m)
{
	const struct authd *a = owner;
	struct link *link = bus_client_link(a->client);

	if (link != NULL)
		(void)LINK_SEND(link, AUTH_CHALLENGE, auth_challenge, id, m);
}

static void send_verdict(void *owner, uint64_t id, const struct msg_auth_verdict *m)
{
	const struct authd *a = owner;
	struct link *link = bus_client_link(a->client);

	if (link != NULL)
		(void)LINK_SEND(link, AUTH_VERDICT, auth_verdict, id, m);
}

static void send_mechanisms_of(const struct authd *a, const struct policy_domain *d)
{
	struct link *link = bus_client_link(a->client);
	struct msg_mechanisms m = {.domain = str_of(d->name)};
	struct buf names = BUF_INIT;

	offer_write(&d->offer, &names);
	m.mechanisms = buf_str(&names);
	if (link != NULL)
		(void)LINK_SEND(link, MECHANISMS, mechanisms, 0, &m);
	buf_fini(&names);
}

static void send_mechanisms(const struct authd *a)
{
	for (size_t i = 0; i < a->policy.ndomains; i++)
		send_mechanisms_of(a, &a->policy.domains[i]);
}

/* Some accounts may lack keys now, or do no longer. */
static void review_offers(struct authd *a)
{
	for (size_t i = 0; i < a->policy.ndomains; i++) {
		struct str domain = str_of(a->policy.domains[i].name);

		(void)policy_set_lack(&a->policy, domain, accounts_lack(a->accounts, domain));
	}
}

static void on_account_changed(void *owner, const struct account_write *change)
{
	struct authd *a = owner;
	const char *at = strchr(change->account, '@');
	struct str domain = str_of(at != NULL ? at + 1 : change->account);

	if (change->change != 0)
		requests_on_change(a, change);
	/* The last ones are written while they close. */
	if (a->accounts != NULL && policy_set_lack(&a->policy, domain, accounts_lack(a->accounts, domain)))
		send_mechanisms_of(a, policy_domain(&a->policy, domain));
}

static void on_up(void *owner, const struct msg_welcome *welcome)
{
	struct authd *a = owner;
	struct listing_order retell = {.changes = true, .since = clock_wall() - RETELL_S};

	(void)welcome;
	a->link_number++;
	listings_set_link(a->listings, bus_client_link(a->client));
	send_mechanisms(a);
	(void)listings_add(a->listings, &retell);
	log_info("router-connected", "link=%lu", (unsigned long)a->link_number);
}

static void on_down(void *owner, const char *why)
{
	struct authd *a = owner;

	a->link_number++;
	listings_set_link(a->listings, NULL);
	conversations_abort_all(a->conversations);
	log_warn("router-lost", "reason=%s", LOG_TEXT(why));
}

/* ---- coming --------------------------------------------------------------------------- */

static const char *keytab_of(const struct daemon *d)
{
	const char *keytab = conf_text(d->conf, "authd.keytab");

	return keytab != NULL && *keytab != '\0' ? keytab : NULL;
}

int authd_open(struct daemon *d)
{
	struct authd *a = bh_alloc(sizeof(*a));
	char what[512];
	int rc;

	d->state = a;
	a->daemon = d;
	a->tickets = keytab_of(d) != NULL;
	rc = policy_load(d->conf, a->tickets, &a->policy, what, sizeof(what));
	if (rc < 0) {
		daemon_fail(d, "%s", what);
		return rc;
	}
	rc = directories_load(d->conf, &a->directories, what, sizeof(what));
	if (rc < 0) {
		daemon_fail(d, "%s", what);
		return rc;
	}
	a->gsasl = scram_open();
	if (a->gsasl == NULL) {
		daemon_fail(d, "libgsasl cannot be initialised");
		return BH_ECRYPTO;
	}
	if (a->tickets)
		gssapi_open(a->gsasl);
	return 0;
}

static int start_accounts(struct authd *a)
{
	char what[512];
	struct accounts_spec spec = {
		.loop = a->daemon->loop,
		.derive = a->derive,
		.dir = a->daemon->state_dir,
		.iterations = a->policy.iterations,
		.on_change = on_account_changed,
		.owner = a,
	};
	int rc = accounts_open(&spec, &a->accounts, what, sizeof(what));

	if (rc < 0)
		daemon_fail(a->daemon, "the account store cannot be opened: %s", what);
	else
		review_offers(a);
	return rc;
}

static void start_conversations(struct authd *a)
{
	struct conversations_spec spec = {
		.loop = a->daemon->loop,
		.env = {
			.policy = &a->policy,
			.accounts = a->accounts,
			.throttle = a->throttle,
			.derive = a->derive,
			.gsasl = a->gsasl,
			.directories = &a->directories,
			.refusals = a->refusals,
		},
		.max = CONVERSATIONS_MAX,
		.life_ms = CONVERSATION_MS,
		.challenge = send_challenge,
		.verdict = send_verdict,
		.tested = requests_on_tested,
		.owner = a,
	};

	a->conversations = conversations_start(&spec);
}

int authd_start(struct daemon *d)
{
	struct authd *a = d->state;
	struct bus_client_spec spec = {
		.loop = d->loop,
		.role = ROLE_AUTH,
		.run_dir = d->run_dir,
		.instance = d->instance,
		.software = "bulkhead-authd " BULKHEAD_VERSION,
		.configuration = d->configuration,
		.handlers = handlers,
		.owner = a,
		.on_up = on_up,
		.on_down = on_down,
	};
	int rc;

	if (a->tickets && !gssapi_has_key(a->gsasl)) {
		daemon_fail(d, "authd.keytab: %s has no key of a service xmpp/HOST, or bulkhead-authd cannot read it",
			keytab_of(d));
		return BH_ECONFIG;
	}
	list_init(&a->lookups);
	list_init(&a->requests);
	list_init(&a->moves);
	directories_start(a->directories, d->loop);
	a->refusals = refusals_create();
	a->throttle = throttle_create(&a->policy.limits);
	a->derive = derive_create(d->loop);
	rc = start_accounts(a);
	if (rc < 0)
		return rc;
	start_conversations(a);
	a->listings = listings_start(d->loop, a->accounts);
	rc = bus_client_start(&spec, &a->client);
	if (rc < 0)
		daemon_fail(d, "the link to routerd cannot be started: %s", bh_strerror(rc));
	return rc;
}

/* What a reload brings. */
struct fresh {
	struct policy policy;
	struct directories *directories;
};

int authd_prepare(struct daemon *d, void **prepared)
{
	struct authd *a = d->state;
	struct fresh *fresh = bh_alloc(sizeof *fresh);
	char what[512];
	int rc = policy_load(d->conf, a->tickets, &fresh->policy, what, sizeof(what));

	if (rc == 0) {
		rc = directories_load(d->conf, &fresh->directories, what, sizeof(what));
		if (rc < 0)
			policy_fini(&fresh->policy);
	}
	if (rc < 0) {
		daemon_fail(d, "%s", what);
		free(fresh);
		return rc;
	}
	*prepared = fresh;
	return 0;
}

void authd_adopt(struct daemon *d, void *prepared)
{
	struct authd *a = d->state;
	struct fresh *fresh = prepared;

	conversations_abandon_questions(a->conversations);
	lookups_abandon(a);
	requests_abandon(a);
	directories_stop(&a->directories, NULL, NULL);
	a->directories = fresh->directories;
	directories_start(a->directories, d->loop);
	policy_fini(&a->policy);
	a->policy = fresh->policy;
	free(fresh);
	throttle_set_limits(a->throttle, &a->policy.limits);
	accounts_set_iterations(a->accounts, a->policy.iterations);
	review_offers(a);
	send_mechanisms(a);
}

void authd_discard(struct daemon *d, void *prepared)
{
	struct fresh *fresh = prepared;

	(void)d;
	directories_discard(&fresh->directories);
	policy_fini(&fresh->policy);
	free(fresh);
}

bool authd_ask_reload(struct daemon *d)
{
	struct authd *a = d->state;

	return reload_ask(bus_client_link(a->client));
}

/* ---- going: the same in reverse, except that the last answers still go out --------------- */

static void on_all_closed(struct authd *a)
{
	struct daemon *d = a->daemon;

	throttle_free(&a->throttle);
	refusals_free(&a->refusals);
	scram_close(&a->gsasl);
	policy_fini(&a->policy);
	free(a);
	d->state = NULL;
	daemon_stopped(d);
}

static void part_closed(void *arg)
{
	struct authd *a = arg;

	if (--a->stopping == 0)
		on_all_closed(a);
}

void authd_stop(struct daemon *d)
{
	struct authd *a = d->state;

	/* One for each part and one for this function, as a part may close at once. */
	a->stopping = 7;
	lookups_abandon(a);
	requests_abandon(a);
	moves_abandon(a);
	directories_stop(&a->directories, part_closed, a);
	listings_stop(&a->listings, part_closed, a);
	conversations_stop(&a->conversations, part_closed, a);
	accounts_close(&a->accounts, part_closed, a);
	derive_stop(&a->derive, part_closed, a);
	bus_client_stop(&a->client, part_closed, a);
	part_closed(a);
}
