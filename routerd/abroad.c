/* Pairs of domains, and who carries their sessions. */
#include "routerd/abroad.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/rand.h"
#include "daemon/log.h"
#include "routerd/component.h"
#include "routerd/custody.h"
#include "routerd/domains.h"
#include "routerd/front.h"
#include "routerd/hibernate.h"
#include "routerd/resume.h"
#include "routerd/proofs.h"
#include "routerd/route.h"
#include "routerd/rules.h"
#include "routerd/session_row.h"

struct pair {
	struct map_node node; /* in router.pairs */
	struct router *router;
	char *text; /* the key */
	struct session *session;
};

const char *pair_text(struct str local, struct str remote, char out[PAIR_TEXT_SIZE])
{
	snprintf(out, PAIR_TEXT_SIZE, "%.*s/%.*s", STR_FMT(remote), STR_FMT(local));
	return out;
}

bool abroad_is_ours(const struct router *r, struct str domain)
{
	return domains_have(&r->domains, domain) || component_find(r, domain) != NULL;
}

bool abroad_allowed(const struct router *r, struct str local, struct str remote)
{
	const struct domain *d = domain_find(&r->domains, local);
	const struct component *c = component_find(r, local);

	if (!rules_allow(r->rules, remote))
		return false;
	return d != NULL ? d->federates : c != NULL && component_federates(c);
}

/* ---- the table ---------------------------------------------------------------------- */

struct pair *pair_create(struct router *r, struct str local, struct str remote)
{
	struct pair *p = bh_alloc(sizeof *p);
	char text[PAIR_TEXT_SIZE];

	p->router = r;
	p->text = bh_strdup(pair_text(local, remote, text));
	if (map_add(&r->pairs, &p->node, p->text, strlen(p->text)) == 0)
		return p;
	free(p->text);
	free(p);
	return NULL;
}

void pair_joined(struct pair *p, struct session *s)
{
	p->session = s;
}

void pair_left(struct pair **p)
{
	struct pair *gone = *p;

	*p = NULL;
	if (gone == NULL)
		return;
	map_remove(&gone->router->pairs, &gone->node);
	free(gone->text);
	free(gone);
}

/* ---- who carries it ----------------------------------------------------------------- */

/* It has a stream from the remote domain that is for both directions. */
static bool is_met(const struct front *f, const struct pair *pair)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &f->connections);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct connection *c = container_of(n, struct connection, node);

		if (c->both && c->proofs != NULL && proofs_have_pair(c->proofs, pair->text))
			return true;
	}
	return false;
}

/* Of those that are there the same one each time, whoever else comes and goes (rendezvous hashing), but for one that has
 * met the remote. */
static struct front *best_front(struct router *r, const struct pair *pair)
{
	struct bus_peer *p = NULL;
	struct front *best = NULL;
	uint64_t most = 0, h;

	while ((p = bus_server_next(r->server, ROLE_S2S, p)) != NULL) {
		struct front *f = p->data;

		if (f == NULL || f->peer->link == NULL || !f->restored || f->draining)
			continue;
		if (is_met(f, pair))
			return f;
		h = hash_name(HASH_NAME_SEED, p->instance, strlen(p->instance));
		h = hash_name(h, pair->text, strlen(pair->text));
		if (best != NULL && h <= most)
			continue;
		best = f;
		most = h;
	}
	return best;
}

static void seek(struct session *s)
{
	struct front *front = best_front(s->origin->router, s->pair);
	struct msg_reach m = {
		.local = s->jid.resource, .remote = s->jid.domain, .id = str_of(resume_id(s))};

	if (front != NULL)
		(void)LINK_SEND(front->peer->link, REACH, reach, 0, &m);
}

void abroad_asleep(struct session *s)
{
	if (s->pair == NULL || s->wanted != NULL)
		return;
	/* Where nothing waits the stream may still be one on which the remote has something for us. */
	if (list_empty(&s->outbound) && s->way_state == NULL)
		session_end(s);
	else
		seek(s);
}

static void forget_way(struct session *s)
{
	free(s->way_state);
	s->way_state = NULL;
	session_changed(s, NULL);
}

void abroad_seek_all(struct router *r)
{
	list_for_each_safe(pos, &r->asleep) {
		struct session *s = container_of(pos, struct session, asleep);

		if (s->pair != NULL && s->wanted == NULL)
			seek(s);
	}
}

/* As if it had just fallen asleep. */
static struct session *make(struct router *r, struct str local, struct str remote)
{
	struct session_owner owner = {.pair = pair_create(r, local, remote)};
	struct bus_id id;
	struct session *s;

	if (owner.pair == NULL)
		return NULL;
	rand_bytes(&id, sizeof id);
	s = session_create(r, &id, str_of(owner.pair->text), &owner);
	if (s == NULL) {
		pair_left(&owner.pair);
		return NULL;
	}
	s->sm = true;
	s->resume_s = r->limits.s2s_wait_s;
	hibernate_begin(s);
	seek(s);
	return s;
}

static struct session *pair_session(struct router *r, struct str local, struct str remote)
{
	char text[PAIR_TEXT_SIZE];
	const char *name = pair_text(local, remote, text);
	struct map_node *n = map_find(&r->pairs, name, strlen(name));

	return n != NULL ? container_of(n, struct pair, node)->session : make(r, local, remote);
}

struct session *abroad_session(struct router *r, const struct jid *from, const struct jid *to, unsigned *error)
{
	struct component *c = component_find(r, to->domain);
	struct session *s = c != NULL ? component_session(c) : NULL;

	*error = STANZA_REMOTE_SERVER_TIMEOUT;
	if (c != NULL)
		return s;
	*error = STANZA_REMOTE_SERVER_NOT_FOUND;
	if (!abroad_allowed(r, from->domain, to->domain))
		return NULL;
	s = pair_session(r, from->domain, to->domain);
	*error = STANZA_RESOURCE_CONSTRAINT;
	return s;
}

/* ---- what comes back ---------------------------------------------------------------- */

static void give_back(void *arg, struct parcel *p)
{
	const struct msg_unreachable *m = arg;

	route_refused(p, m->condition, m->text);
}

int on_unreachable(const struct bus_event *event)
{
	struct connection *c = front_connection(front_of(event), event->frame->subject);
	struct msg_unreachable m;

	if (bus_get_unreachable(event->frame->body, &m) != 0 || stanza_error_name(m.condition) == NULL)
		return BH_EPROTO;
	if (c == NULL || c->session == NULL)
		return 0;
	if (c->session->pair == NULL || m.upto > c->session->sent)
		return BH_EPROTO;
	log_info("undelivered", "conn=%s pair=%s error=%s reason=%s", connection_name(c), LOG_TEXT(c->session->text), stanza_error_name(m.condition), LOG_STR(m.text));
	forget_way(c->session);
	custody_return(c->session, m.upto, give_back, &m);
	return 0;
}

static void on_way_stored(void *arg, int rc)
{
	struct origin *o = arg;
	struct session *s = o->session;
	struct msg_way_known m;

	if (rc != 0)
		log_error("store-failed", "reason=%s", LOG_TEXT(bh_strerror(rc)));
	if (s != NULL && s->connection != NULL && s->connection->front->peer->link != NULL)
		(void)LINK_SEND(s->connection->front->peer->link, WAY_KNOWN, way_known, s->connection->id, &m);
	origin_unref(&o);
}

int on_way_state(const struct bus_event *event)
{
	struct connection *c = front_connection(front_of(event), event->frame->subject);
	struct msg_way_state m;
	struct store_tx *tx;
	struct session *s;

	if (bus_get_way_state(event->frame->body, &m) != 0)
		return BH_EPROTO;
	s = c != NULL ? c->session : NULL;
	if (s == NULL)
		return 0;
	if (s->pair == NULL)
		return BH_EPROTO;
	free(s->way_state);
	s->way_state = m.state.len > 0 ? bh_strndup(m.state.p, m.state.len) : NULL;
	tx = store_begin(s->origin->router->store);
	session_write(s, tx);
	store_commit(tx, on_way_stored, origin_ref(s->origin));
	return 0;
}

static bool allowed(void *arg, struct str local, struct str remote)
{
	const struct router *r = arg;

	return abroad_allowed(r, local, remote) && !abroad_is_ours(r, remote);
}

static bool stays(struct router *r, const struct session *s)
{
	if (s->proofs != NULL)
		return proofs_all(s->proofs, allowed, r);
	return s->pair == NULL || allowed(r, s->jid.resource, s->jid.domain);
}

void abroad_review(struct router *r)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->sessions);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct session *s = container_of(n, struct session, node);

		if (!stays(r, s))
			session_kill(s, STREAM_POLICY_VIOLATION, "no longer allowed");
	}
}
