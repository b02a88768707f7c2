/* What s2sd does for lib/carry. */
#include "bus/codes.h"
#include "carry/kept.h"
#include "s2sd/peer.h"
#include "s2sd/sm.h"
#include "s2sd/way.h"

/* Ways send nothing to routerd: all of this is about streams. */
static void stall(struct carried *c)
{
	struct peer *p = peer_of(c);

	if (!p->paused && p->stream != NULL)
		stream_pause(p->stream);
	p->paused = true;
}

static void go_on(struct carried *c)
{
	struct peer *p = peer_of(c);

	if (!p->paused)
		return;
	p->paused = false;
	if (p->finishing)
		peer_finish(p);
	else if (p->stream != NULL)
		stream_resume(p->stream);
}

static void safe(struct carried *c)
{
	sm_answer(peer_of(c), false);
}

static void send_note(struct carried *c, const struct inbound *note, uint64_t count)
{
	struct link *link = carrier_link(c->carrier);
	struct msg_sm_enable enable = {.in_base = count, .resume = note->flag, .max = note->value};
	struct msg_detached detached;

	if (note->kind == NOTE_ENABLE)
		(void)LINK_SEND(link, SM_ENABLE, sm_enable, c->id, &enable);
	else
		(void)LINK_SEND(link, DETACHED, detached, c->id, &detached);
}

/* The last one of a detached peer goes with the peer. */
static bool note_is_open(const struct carried *c, uint8_t kind)
{
	return (kind == NOTE_ENABLE && peer_of(c)->sm.enabling) || kind == NOTE_DETACH;
}

static void out_of_memory(struct carried *c)
{
	peer_fail(peer_of(c), STREAM_RESOURCE_CONSTRAINT, NULL);
}

static void restore_peer(const struct peer *p, struct link *link)
{
	const struct carried *c = &p->carrying.carried;
	char address[ADDRESS_TEXT_SIZE] = "";
	struct msg_restore m = {
		.session = c->session,
		.epoch = c->epoch,
		.in_safe = c->in_safe,
		.in_base = p->sm.counted ? p->sm.in_base : 0,
		.flags = (p->sm.counted ? RESTORE_SM : 0) | (p->bidi && !p->ours ? RESTORE_BOTH : 0),
	};

	if (p->stream != NULL) {
		m.flags |= stream_is_secure(p->stream) ? RESTORE_TLS : 0;
		address_text(stream_peer(p->stream), address);
	}
	m.address = str_of(address);
	(void)LINK_SEND(link, RESTORE, restore, c->id, &m);
}

static void restore_way(struct way *w, struct link *link)
{
	const struct carried *c = &w->carrying.carried;
	struct msg_restore m = {
		.session = c->session,
		.epoch = c->epoch,
		.out_number = c->out_number,
		.out_done = c->out_done,
		.flags = RESTORE_SM,
		.address = STR_LIT(""),
	};

	(void)LINK_SEND(link, RESTORE, restore, c->id, &m);
	way_tell(w);
}

static void restore(struct carried *c, struct link *link)
{
	if (peer_of(c) != NULL)
		restore_peer(peer_of(c), link);
	else
		restore_way(way_of(c), link);
}

static bool has_session(const struct carried *c)
{
	return peer_of(c) == NULL || peer_of(c)->bound;
}

static const struct records *kept(const struct carried *c)
{
	return peer_of(c) == NULL ? &way_of(c)->kept : NULL;
}

const struct carrier_spec s2sd_carrier = {
	.stall = stall,
	.go_on = go_on,
	.safe = safe,
	.send_note = send_note,
	.note_is_open = note_is_open,
	.out_of_memory = out_of_memory,
	.has_session = has_session,
	.restore = restore,
	.kept = kept,
};
