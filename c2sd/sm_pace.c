/* Two lists: of those that wait for an answer, and of those that are to be asked. */
#include "c2sd/sm_pace.h"

#include "c2sd/carried.h"
#include "c2sd/sm.h"
#include "xmpp/names.h"

enum { ANSWER_MS = 20, PATIENCE_MS = 250, REQUEST_MS = 1000, REQUEST_STANZAS = 64, MESSAGE_MS = 250 };

static uint64_t now(const struct client *c)
{
	return uv_now(c->srv->daemon->loop);
}

/* ---- answers ------------------------------------------------------------------------ */

/* How many of the counted stanzas are safe. */
static uint32_t handled(const struct client *c)
{
	uint64_t base = c->sm->in_base;

	return c->carried.in_safe > base ? (uint32_t)(c->carried.in_safe - base) : 0;
}

static void answer(struct client *c)
{
	buf_printf(client_output(c), "<a xmlns='" NS_SM "' h='%u'/>", handled(c));
	c->sm->told = c->carried.in_safe;
	c->sm->told_ms = now(c);
}

/* Its <r/> is answered, if it is time. */
static void answer_waiting(struct client *c)
{
	struct sm *sm = c->sm;

	if (!sm->enabled || c->state != CLIENT_BOUND || now(c) - sm->told_ms < ANSWER_MS)
		return;
	if (c->carried.in_safe >= sm->asked) {
		answer(c);
		list_remove(&sm->asking);
	} else if (sm->told < c->carried.in_safe && now(c) - sm->asked_ms >= PATIENCE_MS) {
		answer(c); /* the rest follows when it is safe */
	}
}

static void on_tick(uv_timer_t *timer)
{
	struct c2sd *srv = timer->data;

	list_for_each_safe(pos, &srv->asking)
		answer_waiting(container_of(pos, struct sm, asking)->client);
	if (list_empty(&srv->asking))
		uv_timer_stop(timer);
}

void sm_requested(struct client *c)
{
	struct sm *sm = c->sm;
	struct c2sd *srv = c->srv;

	sm->asked = inbound_count(&c->carried);
	if (list_empty(&sm->asking)) {
		sm->asked_ms = now(c);
		list_append(&srv->asking, &sm->asking);
	}
	answer_waiting(c);
	if (!list_empty(&sm->asking) && !uv_is_active((uv_handle_t *)&srv->sm_timer))
		uv_timer_start(&srv->sm_timer, on_tick, ANSWER_MS, ANSWER_MS);
}

void sm_safe(struct client *c)
{
	if (!list_empty(&c->sm->asking))
		answer_waiting(c);
}

/* ---- requests ----------------------------------------------------------------------- */

static bool is_early(const struct client *c)
{
	return c->carried.out_number - c->sm->acked < REQUEST_STANZAS && now(c) - c->sm->requested_ms < REQUEST_MS;
}

static void ask(struct client *c)
{
	struct sm *sm = c->sm;

	list_remove(&sm->unasked);
	buf_put_lit(client_output(c), "<r xmlns='" NS_SM "'/>");
	sm->requested = c->carried.out_number;
	sm->requested_ms = now(c);
}

void sm_request(struct client *c)
{
	struct sm *sm = c->sm;

	if (c->state != CLIENT_BOUND || sm->acked < sm->requested || sm->acked == c->carried.out_number)
		return;
	if (is_early(c)) {
		if (list_empty(&sm->unasked))
			list_append(&c->srv->unasked, &sm->unasked);
		return;
	}
	ask(c);
}

void sm_request_message(struct client *c)
{
	if (c->state != CLIENT_BOUND || now(c) - c->sm->message_ms < MESSAGE_MS) {
		sm_request(c);
		return;
	}
	ask(c);
	c->sm->message_ms = now(c);
}

void sm_pace_begin(struct sm *sm)
{
	sm->requested_ms = now(sm->client);
}

void sm_request_all(struct c2sd *srv)
{
	struct list waiting;

	list_init(&waiting);
	list_splice(&waiting, &srv->unasked);
	while (!list_empty(&waiting)) {
		struct sm *sm = container_of(waiting.next, struct sm, unasked);

		list_remove(&sm->unasked);
		sm_request(sm->client);
	}
}

void sm_pace_forget(struct sm *sm)
{
	list_remove(&sm->asking);
	list_remove(&sm->unasked);
}

int sm_start(struct c2sd *srv)
{
	list_init(&srv->asking);
	list_init(&srv->unasked);
	srv->sm_timer.data = srv;
	return uv_timer_init(srv->daemon->loop, &srv->sm_timer);
}

void sm_stop(struct c2sd *srv, uv_close_cb done)
{
	uv_close((uv_handle_t *)&srv->sm_timer, done);
}
