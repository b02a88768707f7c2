/* RESTORE, ACCEPTED, RESTORED. */
#include "carry/restore.h"

#include <string.h>

#include "base/clock.h"
#include "bus/mark.h"
#include "carry/kept.h"

enum {
	REPEATS_MS = 60000, /* so long after a restart stanzas may come again */
	LIST_MAX = 20000,   /* entries of one ACCEPTED: below its limit */
};

/* A record of carrier.accepted. */
struct note {
	uint64_t frame; /* the link's number */
	struct accepted what;
};

void restore_accepted(struct carried *c, const struct bus_event *event, const struct msg_deliver *m)
{
	struct note n = {
		.frame = event->frame->seq,
		.what = {.session = c->session, .origin = m->origin, .number = m->number, .branch = m->branch},
	};
	void *at = records_add(&c->carrier->accepted, sizeof n);

	if (at != NULL)
		memcpy(at, &n, sizeof n);
}

void restore_settled(struct carrier *k, uint64_t upto)
{
	struct note n;

	while (records_peek(&k->accepted, &n, sizeof n) && n.frame <= upto)
		records_drop(&k->accepted);
}

/* The next link counts anew: what came on this one is told by time. */
static void set_aside(struct carrier *k)
{
	struct note n;

	while (records_peek(&k->accepted, &n, sizeof n)) {
		void *at = records_add(&k->accepted_before, sizeof n);

		if (at != NULL)
			memcpy(at, &n, sizeof n);
		records_drop(&k->accepted);
	}
	k->accepted_since = clock_ms();
}

void restore_tick(struct carrier *k)
{
	if (!records_empty(&k->accepted_before) && carrier_link(k) != NULL &&
		clock_ms() - k->accepted_since > REPEATS_MS)
		records_fini(&k->accepted_before);
}

void restore_free(struct carrier *k)
{
	records_fini(&k->accepted);
	records_fini(&k->accepted_before);
}

void restore_lost(struct carrier *k)
{
	set_aside(k);
	while (!list_empty(&k->unnamed))
		list_remove(k->unnamed.next);
	k->naming = false;
	k->credit = (struct msg_credit){0};
	buf_clear(&k->done);
}

static void send_accepted(struct carrier *k, struct link *link)
{
	uint64_t at = records_first(&k->accepted_before);
	struct buf list = BUF_INIT;
	struct msg_accepted m;
	struct str record;
	struct note n;
	bool more = true;

	while (more) {
		more = records_next(&k->accepted_before, &at, &record);
		if (more) {
			memcpy(&n, record.p, sizeof n);
			accepted_put(&list, &n.what);
		}
		if (list.len == 0 || (more && list.len < (size_t)LIST_MAX * ACCEPTED_SIZE))
			continue;
		m.list = buf_str(&list);
		(void)LINK_SEND(link, ACCEPTED, accepted, 0, &m);
		buf_clear(&list);
	}
	buf_fini(&list);
}

static bool has_room(const struct link *link)
{
	return link != NULL && link_queued(link) <= LINK_ROOM;
}

/* false: there is no room for more of it. */
static bool name(struct carried *c, struct link *link)
{
	const struct records *kept = c->carrier->spec->kept(c);
	uint64_t first = kept != NULL ? records_first(kept) : 0;
	struct msg_restore_stanza m;
	bool more = kept != NULL;

	if (!c->named)
		c->carrier->spec->restore(c, link);
	c->named = true;
	/* Its peer may have acknowledged some meanwhile. */
	if (c->restored < first)
		c->restored = first;
	while (more && has_room(link)) {
		more = kept_next(kept, &c->restored, &m);
		if (more)
			(void)LINK_SEND(link, RESTORE_STANZA, restore_stanza, c->id, &m);
	}
	return !more;
}

void restore_go_on(struct carrier *k)
{
	struct link *link = carrier_link(k);
	struct msg_restored end;

	while (!list_empty(&k->unnamed) && has_room(link)) {
		struct carried *c = container_of(k->unnamed.next, struct carried, unnamed);

		if (!k->spec->has_session(c) || name(c, link))
			list_remove(&c->unnamed);
	}
	if (!k->naming || !list_empty(&k->unnamed) || link == NULL)
		return;
	k->naming = false;
	send_accepted(k, link);
	(void)LINK_SEND(link, RESTORED, restored, 0, &end);
}

void restore_send(struct carrier *k)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &k->all);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct carried *c = container_of(n, struct carried, node);

		if (!k->spec->has_session(c))
			continue;
		c->named = false;
		c->restored = 0;
		list_append(&k->unnamed, &c->unnamed);
	}
	k->naming = true;
	restore_go_on(k);
}
