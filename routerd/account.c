/* Accounts in memory: found, kept, let go. */
#include "routerd/account.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "routerd/domains.h"
#include "routerd/front.h"
#include "routerd/origin.h"
#include "routerd/session.h"

enum { ASK_AGAIN_MS = 1000 };

struct waiter {
	struct list link;
	void (*fn)(void *arg);
	void *arg;
	bool settled; /* until that; else until ready */
};

struct account *account_find(const struct router *r, struct str bare)
{
	struct map_node *n = map_find(&r->accounts, bare.p, bare.len);

	return n != NULL ? container_of(n, struct account, node) : NULL;
}

static struct account *create(struct router *r, struct str bare)
{
	struct account *a = bh_alloc(sizeof *a);

	a->router = r;
	a->text = bh_strndup(bare.p, bare.len);
	jid_split(str_of(a->text), &a->jid);
	list_init(&a->connections);
	list_init(&a->sessions);
	list_init(&a->waiting);
	list_init(&a->idle);
	list_init(&a->unasked);
	a->blocklist.owner = a->jid.bare;
	if (map_add(&r->accounts, &a->node, a->text, bare.len) == 0)
		return a;
	free(a->text);
	free(a);
	return NULL;
}

static void destroy(struct account *a)
{
	map_remove(&a->router->accounts, &a->node);
	list_remove(&a->idle);
	account_clear(a);
	free(a->text);
	free(a);
}

static bool needed(const struct account *a)
{
	return !list_empty(&a->connections) || a->holds > 0 || !list_empty(&a->waiting);
}

/* Nobody needs it for the moment: it stays for a while. */
static void rest(struct account *a)
{
	if (needed(a) || !list_empty(&a->idle))
		return;
	a->idle_since = clock_ms();
	list_append(&a->router->idle, &a->idle);
	a->router->nidle++;
}

/* Somebody needs it. */
static void rouse(struct account *a)
{
	if (list_empty(&a->idle))
		return;
	list_remove(&a->idle);
	a->router->nidle--;
}

struct account *account_get(struct router *r, struct str bare)
{
	struct account *a = account_find(r, bare);
	bool fresh = a == NULL;

	if (fresh)
		a = create(r, bare);
	if (a == NULL)
		return NULL;
	if (fresh)
		account_load(a);
	else
		account_ask_again(a);
	return a;
}

struct account *account_of_ours(struct router *r, struct str bare)
{
	struct jid jid;

	jid_split(bare, &jid);
	return jid.local.p != NULL && domains_have(&r->domains, jid.domain) ? account_get(r, bare) : NULL;
}

void account_ask_again(struct account *a)
{
	if (a->state == ACCOUNT_UNKNOWN && clock_ms() - a->asked >= ASK_AGAIN_MS)
		account_load(a);
}

void account_hold(struct account *a)
{
	a->holds++;
	rouse(a);
}

void account_release(struct account *a)
{
	a->holds--;
	rest(a);
}

static void wait_for(struct account *a, bool settled, void (*fn)(void *arg), void *arg)
{
	struct waiter *w = bh_alloc(sizeof *w);

	*w = (struct waiter){.fn = fn, .arg = arg, .settled = settled};
	list_append(&a->waiting, &w->link);
	rouse(a);
}

static void unblock(void *origin)
{
	origin_unblock(origin);
}

void account_wait_ready(struct account *a, struct origin *o)
{
	origin_block(o);
	wait_for(a, false, unblock, o);
}

void account_wait_settled(struct account *a, struct origin *o)
{
	origin_block(o);
	wait_for(a, true, unblock, o);
}

void account_when_ready(struct account *a, void (*fn)(void *arg), void *arg)
{
	wait_for(a, false, fn, arg);
}

void account_when_settled(struct account *a, void (*fn)(void *arg), void *arg)
{
	wait_for(a, true, fn, arg);
}

/* The first that may go on, or NULL. */
static struct waiter *next_waiter(const struct account *a)
{
	list_for_each(pos, &a->waiting) {
		struct waiter *w = container_of(pos, struct waiter, link);

		if (w->settled ? account_settled(a) : account_ready(a))
			return w;
	}
	return NULL;
}

void account_wake(struct account *a)
{
	struct waiter *w;

	/* Whoever goes on may change the account again, and others must wait then. */
	account_hold(a);
	while ((w = next_waiter(a)) != NULL) {
		struct waiter now = *w;

		list_remove(&w->link);
		free(w);
		now.fn(now.arg);
	}
	account_release(a);
}

void account_reload(struct account *a)
{
	account_clear(a);
	account_load(a);
}

int account_attach(struct router *r, struct str bare, struct connection *c)
{
	struct account *a = account_find(r, bare);
	bool fresh = a == NULL;

	if (fresh)
		a = create(r, bare);
	if (a == NULL)
		return BH_ENOMEM;
	c->account = a;
	list_append(&a->connections, &c->in_account);
	rouse(a);
	/* It may have been made since we last asked. */
	if (fresh || a->state == ACCOUNT_UNKNOWN || a->state == ACCOUNT_NOWHERE)
		account_load(a);
	return 0;
}

void account_detach(struct connection *c)
{
	struct account *a = c->account;

	if (a == NULL)
		return;
	list_remove(&c->in_account);
	c->account = NULL;
	rest(a);
}

struct session *account_session(const struct account *a, struct str resource)
{
	list_for_each(pos, &a->sessions) {
		struct session *s = container_of(pos, struct session, in_account);

		if (str_eq(s->jid.resource, resource))
			return s;
	}
	return NULL;
}

void account_revoke(struct account *a, const struct revocation *why)
{
	list_for_each_safe(pos, &a->connections) {
		struct connection *c = container_of(pos, struct connection, in_account);

		if (c->generation >= why->generation)
			continue;
		if (c->spared != 0 && c->spared == why->request)
			c->generation = why->generation;
		else
			connection_kill(c, why->stream_error, why->text);
	}
	list_for_each_safe(pos, &a->sessions) {
		struct session *s = container_of(pos, struct session, in_account);

		if (s->connection == NULL && s->generation < why->generation)
			session_end(s);
	}
}

void accounts_expire(struct router *r, bool all)
{
	uint64_t now = clock_ms();

	while (!list_empty(&r->idle)) {
		struct account *a = container_of(r->idle.next, struct account, idle);

		if (!all && r->nidle <= r->limits.accounts_idle &&
			now - a->idle_since < r->limits.account_idle_ms)
			break;
		r->nidle--;
		destroy(a);
	}
}
