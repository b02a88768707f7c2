/* Accounts with somebody logged in. */
#include "routerd/account.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "routerd/front.h"
#include "routerd/session.h"

struct account *account_find(const struct router *r, struct str bare)
{
	struct map_node *n = map_find(&r->accounts, bare.p, bare.len);

	return n != NULL ? container_of(n, struct account, node) : NULL;
}

static struct account *create(struct router *r, struct str bare)
{
	struct account *a = bh_alloc(sizeof *a);

	a->router = r;
	a->jid = bh_strndup(bare.p, bare.len);
	list_init(&a->connections);
	list_init(&a->sessions);
	if (map_add(&r->accounts, &a->node, a->jid, bare.len) == 0)
		return a;
	free(a->jid);
	free(a);
	return NULL;
}

int account_attach(struct router *r, struct str bare, struct connection *c)
{
	struct account *a = account_find(r, bare);

	if (a == NULL)
		a = create(r, bare);
	if (a == NULL)
		return BH_ENOMEM;
	c->account = a;
	list_append(&a->connections, &c->in_account);
	return 0;
}

void account_detach(struct connection *c)
{
	struct account *a = c->account;

	if (a == NULL)
		return;
	list_remove(&c->in_account);
	c->account = NULL;
	if (!list_empty(&a->connections))
		return;
	map_remove(&a->router->accounts, &a->node);
	free(a->jid);
	free(a);
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

void account_revoke(struct account *a, uint64_t generation, unsigned stream_error, const char *text)
{
	list_for_each_safe(pos, &a->connections) {
		struct connection *c = container_of(pos, struct connection, in_account);

		if (c->generation < generation)
			connection_kill(c, stream_error, text);
	}
}
