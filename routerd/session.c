/* Sessions begin and end. */
#include "routerd/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "routerd/component.h"
#include "routerd/custody.h"
#include "routerd/presence.h"
#include "routerd/route.h"

/* account/resource, or the component's domain. */
static char *address(const struct connection *c, struct str resource)
{
	const char *bare = c->account != NULL ? c->account->text : component_name(c->component);
	size_t len = strlen(bare);
	char *text = bh_alloc(len + resource.len + 2);

	memcpy(text, bare, len);
	if (c->account != NULL) {
		text[len] = '/';
		memcpy(text + len + 1, resource.p, resource.len);
	}
	return text;
}

static void join(struct session *s, struct connection *c)
{
	s->connection = c;
	s->account = c->account;
	s->component = c->component;
	list_init(&s->in_account);
	c->session = s;
	if (s->account != NULL) {
		list_append(&s->account->sessions, &s->in_account);
		s->account->nsessions++;
	} else {
		component_joined(s->component, s);
	}
}

int session_create(struct connection *c, struct str resource, struct session **out)
{
	struct router *r = c->front->router;
	struct session *s = bh_alloc(sizeof *s);

	s->origin = origin_create(r);
	s->origin->session = s;
	if (map_add(&r->sessions, &s->node, &s->origin->id, sizeof s->origin->id) != 0) {
		origin_unref(&s->origin);
		free(s);
		return BH_ENOMEM;
	}
	s->text = address(c, resource);
	jid_split(str_of(s->text), &s->jid);
	s->epoch = 1;
	s->since = clock_wall();
	list_init(&s->outbound);
	client_state_init(&s->state);
	join(s, c);
	*out = s;
	return 0;
}

static void leave(struct session *s)
{
	s->connection->session = NULL;
	if (s->component != NULL)
		component_left(s->component);
	if (s->account == NULL)
		return;
	list_remove(&s->in_account);
	s->account->nsessions--;
}

void session_end(struct session *s)
{
	struct router *r = s->origin->router;

	leave(s);
	map_remove(&r->sessions, &s->node);
	list_remove(&s->origin->told);
	origin_forget(s->origin);
	s->origin->session = NULL;
	if (s->account != NULL)
		presence_session_gone(s);
	custody_abandon(s, route_undelivered);
	client_state_fini(&s->state);
	directed_clear(&s->directed);
	parcel_unref(&s->presence);
	origin_unref(&s->origin);
	free(s->text);
	free(s);
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
