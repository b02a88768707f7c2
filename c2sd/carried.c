/* What c2sd does for lib/carry. */
#include "c2sd/carried.h"

#include "bus/codes.h"
#include "c2sd/c2sd.h"
#include "c2sd/client.h"
#include "c2sd/sm.h"
#include "c2sd/sm_pace.h"
#include "carry/kept.h"

static struct client *client_of(const struct carried *c)
{
	return container_of(c, struct client, carried);
}

static void stall(struct carried *carried)
{
	struct client *c = client_of(carried);

	if (!c->paused && c->stream != NULL)
		stream_pause(c->stream);
	c->paused = true;
}

static void go_on(struct carried *carried)
{
	struct client *c = client_of(carried);

	if (!c->paused)
		return;
	c->paused = false;
	if (c->finishing)
		client_finish(c);
	else if (c->stream != NULL)
		stream_resume(c->stream);
}

static void safe(struct carried *carried)
{
	if (client_of(carried)->sm != NULL)
		sm_safe(client_of(carried));
}

static void send_note(struct carried *c, const struct inbound *note, uint64_t count)
{
	struct link *link = carrier_link(c->carrier);
	struct msg_client_state state = {.active = note->flag};
	struct msg_sm_enable enable = {.in_base = count, .resume = note->flag, .max = note->value};
	struct msg_detached detached;

	switch (note->kind) {
	case NOTE_STATE:
		(void)LINK_SEND(link, CLIENT_STATE, client_state, c->id, &state);
		return;
	case NOTE_ENABLE:
		(void)LINK_SEND(link, SM_ENABLE, sm_enable, c->id, &enable);
		return;
	default:
		(void)LINK_SEND(link, DETACHED, detached, c->id, &detached);
	}
}

/* The last one of a detached client goes with the client. */
static bool note_is_open(const struct carried *c, uint8_t kind)
{
	return (kind == NOTE_ENABLE && !client_of(c)->sm->enabled) || kind == NOTE_DETACH;
}

static void out_of_memory(struct carried *c)
{
	client_fail(client_of(c), STREAM_RESOURCE_CONSTRAINT, NULL);
}

static bool has_session(const struct carried *c)
{
	return client_of(c)->state == CLIENT_BOUND || client_of(c)->detached;
}

static void restore(struct carried *carried, struct link *link)
{
	struct client *c = client_of(carried);
	bool sm = c->sm != NULL && c->sm->enabled;
	char address[ADDRESS_TEXT_SIZE] = "";
	struct msg_restore m = {
		.session = carried->session,
		.epoch = carried->epoch,
		.in_safe = carried->in_safe,
		.out_number = carried->out_number,
		.out_done = sm ? c->sm->acked : carried->out_number,
		.in_base = sm ? c->sm->in_base : 0,
		.out_base = sm ? c->sm->out_base : 0,
		.flags = (uint8_t)((sm ? RESTORE_SM : 0) | (c->inactive_told ? RESTORE_INACTIVE : 0)),
	};

	if (c->stream != NULL) {
		address_text(stream_peer(c->stream), address);
		m.flags |= stream_is_secure(c->stream) ? RESTORE_TLS : 0;
	}
	m.address = str_of(address);
	(void)LINK_SEND(link, RESTORE, restore, carried->id, &m);
}

static const struct records *kept(const struct carried *carried)
{
	const struct client *c = client_of(carried);

	return c->sm != NULL && c->sm->enabled ? &c->sm->kept : NULL;
}

const struct carrier_spec c2sd_carrier = {
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
