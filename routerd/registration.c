/* In-band registration: strangers, within a limit for each address, and users for themselves. */
#include "routerd/registration.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/exits.h"
#include "base/secret.h"
#include "bus/codes.h"
#include "daemon/log.h"
#include "routerd/account.h"
#include "routerd/domains.h"
#include "routerd/front.h"
#include "routerd/keep.h"
#include "routerd/requests.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"

enum { WINDOW_MS = 3600 * 1000, ADDRESSES_MAX = 100000, PASSWORD_MAX = 1024 };

struct registrations {
	struct map addresses; /* struct address by network */
};

/* An address, or the /64 of an IPv6 address: one customer. */
struct address {
	struct map_node node;
	uint64_t since; /* ms */
	unsigned made;
	uint8_t network[16];
};

struct registrations *registrations_create(void)
{
	return bh_alloc(sizeof(struct registrations));
}

static void drop(struct registrations *all, struct address *a)
{
	map_remove(&all->addresses, &a->node);
	free(a);
}

static void expire(struct registrations *all, uint64_t before)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &all->addresses);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct address *a = container_of(n, struct address, node);

		if (a->since <= before)
			drop(all, a);
	}
}

void registrations_free(struct registrations **all)
{
	if (*all == NULL)
		return;
	expire(*all, UINT64_MAX);
	map_fini(&(*all)->addresses);
	free(*all);
	*all = NULL;
}

void registrations_tick(struct registrations *all)
{
	uint64_t now = clock_ms();

	if (all->addresses.count > 0 && now > WINDOW_MS)
		expire(all, now - WINDOW_MS);
}

static void network_of(struct str text, uint8_t network[16])
{
	char copy[INET6_ADDRSTRLEN] = "";

	memset(network, 0, 16);
	memcpy(copy, text.p, text.len < sizeof copy ? text.len : sizeof copy - 1);
	if (inet_pton(AF_INET6, copy, network) == 1)
		memset(network + 8, 0, 8);
	else
		(void)inet_pton(AF_INET, copy, network + 12);
}

/* Counts one more; false when the address has had its share of the hour. */
static bool admit(struct router *r, struct str text)
{
	struct registrations *all = r->registrations;
	uint8_t network[16];
	struct map_node *n;
	struct address *a;

	network_of(text, network);
	n = map_find(&all->addresses, network, sizeof network);
	if (n != NULL)
		return container_of(n, struct address, node)->made++ <
		       r->limits.registrations_per_address;
	if (all->addresses.count >= ADDRESSES_MAX)
		return false;
	a = bh_alloc(sizeof *a);
	a->since = clock_ms();
	a->made = 1;
	memcpy(a->network, network, sizeof network);
	if (map_add(&all->addresses, &a->node, a->network, sizeof a->network) == 0)
		return true;
	free(a);
	return false;
}

/* Who waits for the answer: a connection of a front end that may be gone by then. */
struct stranger {
	struct router *router;
	struct bus_id boot;
	uint64_t connection;
	char instance[65]; /* of its c2sd, for the log */
};

static void tell(const struct stranger *s, enum stanza_error condition, const char *text)
{
	struct msg_registered m = {.condition = (uint16_t)condition, .text = str_of(text)};
	struct bus_peer *p = NULL;

	while ((p = bus_server_next(s->router->server, ROLE_C2S, p)) != NULL)
		if (memcmp(&p->boot, &s->boot, sizeof p->boot) == 0)
			(void)LINK_SEND(p->link, REGISTERED, registered, s->connection, &m);
}

/* Beside that error. */
static const char *text_of(const struct reply *reply)
{
	return reply->lost ? "there was no answer: nobody knows whether it was done" : NULL;
}

/* The error of XEP-0077 for what authd says; 0 where it did it. */
static unsigned condition_of(const struct reply *reply)
{
	if (reply->lost)
		return STANZA_INTERNAL_SERVER_ERROR;
	switch (reply->code) {
	case EXIT_OK:
		return 0;
	case EXIT_CONFLICT:
		return STANZA_CONFLICT;
	case EXIT_USAGE:
		return STANZA_NOT_ACCEPTABLE;
	default:
		return STANZA_INTERNAL_SERVER_ERROR;
	}
}

static void on_added(void *arg, const struct reply *reply)
{
	struct stranger *s = arg;

	tell(s, condition_of(reply), text_of(reply));
	free(s);
}

/* username@domain in prepared form; BH_EINVAL where it is none. */
static int account_name(const struct msg_registration *m, char text[JID_MAX + 1], struct jid *jid)
{
	struct buf raw = BUF_INIT;
	int rc;

	buf_put_str(&raw, m->username);
	buf_put_byte(&raw, '@');
	buf_put_str(&raw, m->domain);
	rc = buf_failed(&raw) ? BH_ENOMEM : jid_prepare(buf_str(&raw), text, jid);
	buf_fini(&raw);
	return rc == 0 && (jid->local.p == NULL || jid->resource.p != NULL) ? BH_EINVAL : rc;
}

static void register_stranger(struct router *r, const struct stranger *who,
	const struct msg_registration *m)
{
	char text[JID_MAX + 1];
	struct msg_account_put put = {.how = ACCOUNT_ADD, .password = m->password};
	struct stranger *s;
	struct jid jid;

	if (!r->limits.registration || !domains_have(&r->domains, m->domain)) {
		tell(who, STANZA_NOT_ALLOWED, NULL);
	} else if (account_name(m, text, &jid) != 0 || m->password.len == 0) {
		tell(who, STANZA_NOT_ACCEPTABLE, NULL);
	} else if (!admit(r, m->address)) {
		log_warn("registration-refused", "conn=%s/%lu from=%s reason=\"too many within the hour\"",
			who->instance, (unsigned long)who->connection, LOG_STR(m->address));
		tell(who, STANZA_RESOURCE_CONSTRAINT, "too many accounts from this address");
	} else {
		put.account = jid.bare;
		s = bh_alloc(sizeof *s);
		*s = *who;
		if (REQUEST_AUTHD(r, ACCOUNT_PUT, account_put, &put, on_added, s) != 0)
			return;
		free(s);
		tell(who, STANZA_INTERNAL_SERVER_ERROR, NULL);
	}
}

int on_registration(const struct bus_event *event)
{
	struct front *front = front_of(event);
	struct stranger who = {
		.router = front->router,
		.boot = front->peer->boot,
		.connection = event->frame->subject,
	};
	struct msg_registration m;

	if (bus_get_registration(event->frame->body, &m) != 0)
		return BH_EPROTO;
	snprintf(who.instance, sizeof who.instance, "%s", front->peer->instance);
	register_stranger(front->router, &who, &m);
	return 0;
}

/* Whoever asks is an account's owner, over TLS. */
static bool entitled(struct transit *t)
{
	if (t->sender == NULL) {
		transit_error(t, STANZA_FORBIDDEN, NULL);
		return false;
	}
	if (t->sender->connection == NULL || !t->sender->connection->tls) {
		transit_error(t, STANZA_NOT_ALLOWED, "only over TLS");
		return false;
	}
	if (t->cause.router->limits.password_change || t->cause.router->limits.registration)
		return true;
	transit_error(t, STANZA_SERVICE_UNAVAILABLE, NULL);
	return false;
}

void register_get(struct transit *t, enum service_place place, const struct tree_node *child)
{
	struct buf out = BUF_INIT;

	(void)place, (void)child;
	if (!entitled(t))
		return;
	buf_put_lit(&out, "<query xmlns='" NS_REGISTER "'><registered/><username>");
	escape_text(&out, t->from.local);
	buf_put_lit(&out, "</username><password/></query>");
	transit_result(t, buf_str(&out));
	buf_fini(&out);
}

/* A password that is being changed, or an account that is being removed, by its user. */
struct changing {
	struct kept *kept;
	bool removes;
};

static void on_changed(void *arg, const struct reply *reply)
{
	struct changing *c = arg;
	unsigned condition = condition_of(reply);
	struct connection *connection;
	struct transit t;

	kept_restore(c->kept, &t);
	connection = t.sender != NULL ? t.sender->connection : NULL;
	if (connection != NULL)
		connection->spared = 0;
	if (condition == 0)
		transit_result(&t, STR_LIT(""));
	else
		transit_error(&t, condition, text_of(reply));
	/* Who was not told may be gone all the same. */
	if (c->removes && connection != NULL && (condition == 0 || reply->lost))
		connection_kill(connection, STREAM_NOT_AUTHORIZED, "the account was deleted");
	kept_end(&c->kept);
	free(c);
}

static struct changing *changing_begin(struct transit *t, bool removes)
{
	struct changing *c = bh_alloc(sizeof *c);

	c->kept = transit_keep(t);
	c->removes = removes;
	return c;
}

/* request: its number, or 0: nobody can be asked.  Whoever else is there of the account is closed before the answer. */
static void changing_asked(struct changing *c, struct transit *t, uint64_t request)
{
	t->sender->connection->spared = request;
	if (request != 0)
		return;
	transit_error(t, STANZA_INTERNAL_SERVER_ERROR, NULL);
	kept_end(&c->kept);
	free(c);
}

static void change_password(struct transit *t, struct str password)
{
	struct msg_account_put m = {
		.account = t->from.bare, .how = ACCOUNT_PASSWORD, .password = password};
	struct changing *c = changing_begin(t, false);

	changing_asked(c, t, REQUEST_AUTHD(t->cause.router, ACCOUNT_PUT, account_put, &m, on_changed, c));
}

/* The answer comes when the account is gone, and then the session ends (3.2). */
static void remove_account(struct transit *t)
{
	struct msg_account_delete m = {.account = t->from.bare};
	struct changing *c;

	if (!t->cause.router->limits.registration) {
		transit_error(t, STANZA_NOT_ALLOWED, "accounts are made and removed by the administrator");
		return;
	}
	c = changing_begin(t, true);
	changing_asked(c, t, REQUEST_AUTHD(t->cause.router, ACCOUNT_DELETE, account_delete, &m, on_changed, c));
}

static bool own_name(const struct transit *t, struct str username)
{
	char text[JID_PART_MAX + 1];
	size_t len;

	return jid_prepare_local(username, text, &len) == 0 &&
	       str_eq(str_make(text, len), t->from.local);
}

void register_set(struct transit *t, enum service_place place, const struct tree_node *child)
{
	const struct tree_node *username = tree_child(child, NS_REGISTER, "username");
	const struct tree_node *password = tree_child(child, NS_REGISTER, "password");

	(void)place;
	if (!entitled(t))
		return;
	if (tree_child(child, NS_REGISTER, "remove") != NULL) {
		if (child->children->next != NULL)
			transit_error(t, STANZA_BAD_REQUEST, NULL);
		else
			remove_account(t);
	} else if (username == NULL || password == NULL) {
		transit_error(t, STANZA_BAD_REQUEST, NULL);
	} else if (!own_name(t, username->text)) {
		transit_error(t, STANZA_NOT_ALLOWED, "one's own password only");
	} else if (!t->cause.router->limits.password_change) {
		transit_error(t, STANZA_NOT_ALLOWED, NULL);
	} else if (password->text.len == 0 || password->text.len > PASSWORD_MAX) {
		transit_error(t, STANZA_NOT_ACCEPTABLE, NULL);
	} else {
		change_password(t, password->text);
	}
}
