/* Sessions, and the origins of what they send. */
#include "routerd/session.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/rand.h"
#include "bus/mark.h"
#include "routerd/custody.h"
#include "routerd/presence.h"
#include "routerd/route.h"

static struct origin *origin_create(struct router *r)
{
	struct origin *o = bh_alloc(sizeof *o);

	o->router = r;
	o->refs = 1;
	list_init(&o->told);
	rand_bytes(&o->id, sizeof o->id);
	return o;
}

struct origin *origin_ref(struct origin *o)
{
	o->refs++;
	return o;
}

void origin_unref(struct origin **o)
{
	struct origin *gone = *o;

	*o = NULL;
	if (gone == NULL || --gone->refs > 0)
		return;
	list_remove(&gone->told);
	free(gone);
}

static uint8_t *open_count(struct origin *o, uint64_t n)
{
	bool in_window = n > o->safe && n - o->safe <= ORIGIN_WINDOW;

	return in_window ? &o->open[n % ORIGIN_WINDOW] : NULL;
}

void origin_open(struct origin *o, uint64_t n)
{
	uint8_t *count = open_count(o, n);

	if (count != NULL)
		++*count;
}

void origin_close(struct origin *o, uint64_t n)
{
	uint8_t *count = open_count(o, n);
	uint64_t before = o->safe;

	if (count == NULL || --*count > 0)
		return;
	while (o->safe < o->number && o->open[(o->safe + 1) % ORIGIN_WINDOW] == 0)
		o->safe++;
	if (o->safe > before && o->session != NULL && list_empty(&o->told))
		list_append(&o->router->unsafe_told, &o->told);
}

/* All marks of one front end go into one frame; the list is short or of few fronts. */
static void tell_front(struct router *r, struct front *front)
{
	struct buf marks = BUF_INIT;
	struct msg_safe m;

	list_for_each_safe(pos, &r->unsafe_told) {
		struct origin *o = container_of(pos, struct origin, told);

		if (o->session->connection->front != front)
			continue;
		list_remove(&o->told);
		mark_put(&marks, &(struct mark){o->session->connection->id, o->safe});
	}
	m.marks = buf_str(&marks);
	if (!buf_failed(&marks) && front->peer->link != NULL)
		(void)LINK_SEND(front->peer->link, SAFE, safe, 0, &m);
	buf_fini(&marks);
}

void origins_tell(struct router *r)
{
	while (!list_empty(&r->unsafe_told)) {
		struct origin *o = container_of(r->unsafe_told.next, struct origin, told);

		tell_front(r, o->session->connection->front);
	}
}

int session_create(struct connection *c, struct str resource, struct session **out)
{
	struct router *r = c->front->router;
	struct session *s = bh_alloc(sizeof *s);
	size_t bare_len = strlen(c->account->jid);

	s->origin = origin_create(r);
	s->origin->session = s;
	if (map_add(&r->sessions, &s->node, &s->origin->id, sizeof s->origin->id) != 0) {
		origin_unref(&s->origin);
		free(s);
		return BH_ENOMEM;
	}
	s->text = bh_alloc(bare_len + 1 + resource.len + 1);
	memcpy(s->text, c->account->jid, bare_len);
	s->text[bare_len] = '/';
	memcpy(s->text + bare_len + 1, resource.p, resource.len);
	jid_split(str_of(s->text), &s->jid);
	s->account = c->account;
	s->connection = c;
	s->epoch = 1;
	s->since = clock_wall();
	list_init(&s->outbound);
	list_append(&c->account->sessions, &s->in_account);
	c->account->nsessions++;
	c->session = s;
	*out = s;
	return 0;
}

void session_end(struct session *s)
{
	struct router *r = s->origin->router;

	list_remove(&s->in_account);
	s->account->nsessions--;
	map_remove(&r->sessions, &s->node);
	s->connection->session = NULL;
	list_remove(&s->origin->told);
	s->origin->session = NULL;
	presence_session_gone(s);
	custody_abandon(s, route_undelivered);
	parcel_unref(&s->presence);
	origin_unref(&s->origin);
	free(s->text);
	free(s);
}

bool session_available(const struct session *s)
{
	return s->presence != NULL;
}
