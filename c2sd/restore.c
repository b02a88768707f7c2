/* RESTORE, RESTORE_STANZA, ACCEPTED, RESTORED. */
#include "c2sd/restore.h"

#include "base/clock.h"
#include "base/err.h"
#include "bus/codes.h"
#include "bus/mark.h"
#include "c2sd/inbound.h"
#include "c2sd/sm.h"
#include "c2sd/sm_kept.h"
#include "xmpp/error.h"

enum {
	REPEATS_MS = 60000, /* so long after a restart stanzas may come again */
	LIST_MAX = 20000,   /* entries of one ACCEPTED: below its limit */
};

/* A record of c2sd.accepted. */
struct note {
	uint64_t frame; /* the link's number */
	struct accepted what;
};

void restore_accepted(struct client *c, const struct bus_event *event, const struct msg_deliver *m)
{
	struct note n = {
		.frame = event->frame->seq,
		.what = {.session = c->session, .origin = m->origin, .number = m->number, .branch = m->branch},
	};
	void *at = records_add(&c->srv->accepted, sizeof n);

	if (at != NULL)
		memcpy(at, &n, sizeof n);
}

static bool first(const struct records *r, struct note *n)
{
	uint64_t at = records_first(r);
	struct str record;

	if (!records_next(r, &at, &record))
		return false;
	memcpy(n, record.p, sizeof *n);
	return true;
}

int on_settled(const struct bus_event *event)
{
	struct c2sd *srv = event->owner;
	struct msg_settled m;
	struct note n;

	if (bus_get_settled(event->frame->body, &m) != 0)
		return BH_EPROTO;
	while (first(&srv->accepted, &n) && n.frame <= m.upto)
		records_drop(&srv->accepted);
	return 0;
}

/* The next link counts anew: what came on this one is told by time. */
static void set_aside(struct c2sd *srv)
{
	struct note n;

	while (first(&srv->accepted, &n)) {
		void *at = records_add(&srv->accepted_before, sizeof n);

		if (at != NULL)
			memcpy(at, &n, sizeof n);
		records_drop(&srv->accepted);
	}
	srv->accepted_since = clock_ms();
}

void restore_tick(struct c2sd *srv)
{
	if (!records_empty(&srv->accepted_before) && c2sd_link(srv) != NULL &&
		clock_ms() - srv->accepted_since > REPEATS_MS)
		records_fini(&srv->accepted_before);
}

void restore_free(struct c2sd *srv)
{
	records_fini(&srv->accepted);
	records_fini(&srv->accepted_before);
}

void restore_lost(struct c2sd *srv)
{
	set_aside(srv);
	srv->credit = (struct msg_credit){0};
	buf_clear(&srv->done);
}

static void send_stanzas(struct client *c, struct link *link)
{
	uint64_t at = records_first(&c->sm->kept);
	struct msg_restore_stanza m;

	while (sm_kept_next(&c->sm->kept, &at, &m))
		(void)LINK_SEND(link, RESTORE_STANZA, restore_stanza, c->id, &m);
}

static void send_client(struct client *c, struct link *link)
{
	bool sm = c->sm != NULL && c->sm->enabled;
	char address[ADDRESS_TEXT_SIZE] = "";
	struct msg_restore m = {
		.session = c->session,
		.epoch = c->epoch,
		.in_safe = c->in_safe,
		.out_number = c->out_number,
		.out_done = sm ? c->sm->acked : c->out_number,
		.in_base = sm ? c->sm->in_base : 0,
		.out_base = sm ? c->sm->out_base : 0,
		.flags = (uint8_t)((sm ? RESTORE_SM : 0) | (c->inactive_told ? RESTORE_INACTIVE : 0)),
	};

	if (c->stream != NULL) {
		address_text(stream_peer(c->stream), address);
		m.flags |= stream_is_secure(c->stream) ? RESTORE_TLS : 0;
	}
	m.address = str_of(address);
	(void)LINK_SEND(link, RESTORE, restore, c->id, &m);
	if (sm)
		send_stanzas(c, link);
}

static void send_accepted(struct c2sd *srv, struct link *link)
{
	uint64_t at = records_first(&srv->accepted_before);
	struct buf list = BUF_INIT;
	struct msg_accepted m;
	struct str record;
	struct note n;
	bool more = true;

	while (more) {
		more = records_next(&srv->accepted_before, &at, &record);
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

void restore_send(struct c2sd *srv)
{
	struct link *link = c2sd_link(srv);
	struct msg_restored end;
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &srv->clients);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct client *c = container_of(n, struct client, node);

		if (c->state == CLIENT_BOUND || c->detached)
			send_client(c, link);
	}
	send_accepted(srv, link);
	(void)LINK_SEND(link, RESTORED, restored, 0, &end);
}
