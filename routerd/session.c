/* Sessions begin and end. */
#include "routerd/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "routerd/abroad.h"
#include "routerd/component.h"
#include "routerd/counters.h"
#include "routerd/custody.h"
#include "routerd/custody_store.h"
#include "routerd/federation.h"
#include "routerd/hibernate.h"
#include "routerd/presence.h"
#include "routerd/proofs.h"
#include "routerd/restore.h"
#include "routerd/route.h"
#include "routerd/session_row.h"
#include "routerd/sharing.h"
#include "xmpp/stanza.h"

char *session_address(const struct connection *c, struct str resource)
{
	size_t len;
	char *text;

	if (c->proofs != NULL)
		return bh_strndup(proofs_first(c->proofs).p, proofs_first(c->proofs).len);
	if (c->component != NULL)
		return bh_strdup(component_name(c->component));
	len = strlen(c->account->text);
	text = bh_alloc(len + resource.len + 2);
	memcpy(text, c->account->text, len);
	text[len] = '/';
	memcpy(text + len + 1, resource.p, resource.len);
	return text;
}

static void init_lists(struct session *s)
{
	list_init(&s->in_account);
	list_init(&s->outbound);
	list_init(&s->asleep);
	list_init(&s->unsealed);
	list_init(&s->waking);
	list_init(&s->resending);
	list_init(&s->changed);
	client_state_init(&s->state);
}

static void enlist(struct session *s)
{
	if (s->account != NULL) {
		account_hold(s->account);
		list_append(&s->account->sessions, &s->in_account);
		if (s->account->nsessions++ == 0) {
			sharing_arrive(s->account);
			federation_begin(s->account);
		}
	} else if (s->component != NULL) {
		component_joined(s->component, s);
	} else if (s->pair != NULL) {
		pair_joined(s->pair, s);
	}
}

struct session *session_create(struct router *r, const struct bus_id *id, struct str address,
	const struct session_owner *owner)
{
	struct session *s = bh_alloc(sizeof *s);

	s->origin = origin_create(r);
	s->origin->id = *id;
	s->origin->session = s;
	if (map_add(&r->sessions, &s->node, &s->origin->id, sizeof s->origin->id) != 0) {
		origin_unref(&s->origin);
		free(s);
		return NULL;
	}
	s->text = bh_strndup(address.p, address.len);
	jid_split(str_of(s->text), &s->jid);
	s->epoch = 1;
	s->since = clock_wall();
	s->account = owner->account;
	s->component = owner->component;
	s->pair = owner->pair;
	s->proofs = owner->proofs;
	init_lists(s);
	enlist(s);
	s->counted = COUNT_END;
	session_recount(s);
	return s;
}

struct session *session_find(const struct router *r, const struct bus_id *id)
{
	struct map_node *n = map_find(&r->sessions, id, sizeof *id);

	return n != NULL ? container_of(n, struct session, node) : NULL;
}

void session_join(struct session *s, struct connection *c)
{
	s->connection = c;
	s->generation = c->generation;
	memcpy(s->mechanism, c->mechanism, sizeof s->mechanism);
	c->session = s;
	session_recount(s);
}

static void leave(struct session *s)
{
	if (s->connection != NULL) {
		origin_uncharge(s->origin);
		s->connection->session = NULL;
	}
	restore_forget(s);
	list_remove(&s->waking);
	list_remove(&s->resending);
	list_remove(&s->changed);
	if (s->component != NULL)
		component_left(s->component);
	pair_left(&s->pair);
	proofs_free(&s->proofs);
	if (s->account == NULL)
		return;
	list_remove(&s->in_account);
	if (--s->account->nsessions == 0)
		sharing_depart(s->account);
}

/* After what it leaves behind for the account, so that nothing is in neither place. */
static void forget_row(struct router *r, const struct bus_id *id)
{
	struct store_tx *tx = store_begin(r->store);

	session_unwrite(id, tx);
	store_commit(tx, NULL, NULL);
}

static void free_session(struct session *s)
{
	client_state_fini(&s->state);
	directed_clear(&s->directed);
	parcel_unref(&s->presence);
	origin_unref(&s->origin);
	free(s->way_state);
	free(s->text);
	free(s);
}

static void count_as(struct session *s, uint8_t gauge)
{
	if (s->counted != COUNT_END)
		counter_sub(s->counted, 1);
	if (gauge != COUNT_END)
		counter_add(gauge, 1);
	s->counted = gauge;
}

void session_recount(struct session *s)
{
	if (s->account == NULL || s->origin->session != s)
		return;
	count_as(s, s->connection == NULL ? COUNT_CLIENTS_ASLEEP
		: s->presence != NULL ? COUNT_CLIENTS_AVAILABLE : COUNT_CLIENTS_CONNECTED);
}

/* Nothing finds it any more. */
static void take_out(struct session *s)
{
	leave(s);
	count_as(s, COUNT_END);
	map_remove(&s->origin->router->sessions, &s->node);
	list_remove(&s->origin->told);
	origin_forget(s->origin);
	s->origin->session = NULL;
}

/* Does what was for a session of a client go on from it?  After a start of routerd its front end says what it had: all of
 * that was routerd's (parcel_mac.h), but it may have been another session's. */
static bool may_go_on(const struct session *s, const struct stanza *stanza)
{
	struct jid to;

	if (s->account == NULL || stanza->to.p == NULL)
		return true;
	return jid_check(stanza->to, &to) == 0 && str_eq(to.bare, s->account->jid.bare);
}

static void undelivered(void *arg, struct parcel *p)
{
	const struct session *s = arg;
	struct stanza stanza;

	if (stanza_decode(parcel_envelope(p), &stanza) == 0 && may_go_on(s, &stanza))
		route_undelivered(s->origin->router, p);
}

/* Nobody could bring it to the remote domain in time. */
static void too_late(void *arg, struct parcel *p)
{
	(void)arg;
	route_refused(p, STANZA_REMOTE_SERVER_TIMEOUT, STR_NONE);
}

void session_end(struct session *s)
{
	struct router *r = s->origin->router;
	bool abroad = s->pair != NULL;

	hibernate_forget(s);
	take_out(s);
	if (s->account != NULL)
		presence_session_gone(s);
	custody_abandon(s, abroad ? too_late : undelivered, s);
	custody_store_flush(r);
	forget_row(r, &s->origin->id);
	if (s->account != NULL)
		account_release(s->account);
	free_session(s);
}

static void nowhere(void *arg, struct parcel *p)
{
	(void)arg, (void)p;
}

void session_discard(struct session *s)
{
	list_remove(&s->asleep);
	list_remove(&s->unsealed);
	take_out(s);
	custody_abandon(s, nowhere, NULL);
	if (s->account != NULL)
		account_release(s->account);
	free_session(s);
}

void session_kill(struct session *s, unsigned stream_error, const char *text)
{
	if (s->connection != NULL)
		connection_kill(s->connection, stream_error, text);
	else
		session_end(s);
}

bool session_available(const struct session *s)
{
	return s->presence != NULL;
}

bool session_wants_roster(const struct session *s)
{
	return s->wants_roster;
}

bool session_wants_blocklist(const struct session *s)
{
	return s->wants_blocklist;
}

bool session_takes_messages(const struct session *s)
{
	return s->presence != NULL && s->priority >= 0;
}
