/* From a session's stanzas to a stream. */
#include "s2sd/way.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "bus/codes.h"
#include "carry/kept.h"
#include "daemon/log.h"
#include "s2sd/bidi.h"
#include "s2sd/counters.h"
#include "s2sd/failure.h"
#include "s2sd/outgoing.h"
#include "s2sd/way_private.h"

struct way *way_of(const struct carried *c)
{
	struct carrying *carrying = container_of(c, struct carrying, carried);

	return carrying->thing == THING_WAY ? container_of(carrying, struct way, carrying) : NULL;
}

struct way *way_find(const struct s2sd *srv, uint64_t id)
{
	struct carried *c = carrier_find(&srv->carrier, id);

	return c != NULL ? way_of(c) : NULL;
}

struct way *way_find_pair(const struct s2sd *srv, const char *pair)
{
	struct map_node *n = map_find(&srv->ways, pair, strlen(pair));

	return n != NULL ? container_of(n, struct way, node) : NULL;
}

/* ---- its end --------------------------------------------------------------------------- */

static void destroy(struct way *w)
{
	struct s2sd *srv = w->carrying.srv;

	if (w->peer != NULL)
		w->peer->way = NULL;
	w->peer = NULL;
	outgoing_free(&w->outgoing);
	map_remove(&srv->ways, &w->node);
	carrier_remove(&w->carrying.carried);
	records_fini(&w->kept);
	free(w->pair);
	free(w->local);
	free(w->remote);
	free(w->sm_id);
	free(w->session);
	free(w);
	s2sd_emptied(srv);
}

/* What is not done stays with routerd, which finds somebody else for it. */
void way_give_back(struct way *w)
{
	struct msg_closed m = {.reason = CLOSE_SHUTDOWN};
	struct link *link = s2sd_link(w->carrying.srv);

	carrier_flush_done(&w->carrying.srv->carrier);
	if (link != NULL)
		(void)LINK_SEND(link, CLOSED, closed, w->carrying.carried.id, &m);
	destroy(w);
}

void way_killed(struct way *w, const char *why)
{
	struct msg_closed m = {.reason = CLOSE_BY_SERVER};

	log_info("way-closed", "local=%s remote=%s reason=%s", w->local, w->remote, LOG_TEXT(why));
	(void)LINK_SEND(s2sd_link(w->carrying.srv), CLOSED, closed, w->carrying.carried.id, &m);
	destroy(w);
}

void way_router_lost(struct way *w)
{
	w->tells = 0; /* it is told anew */
	if (!w->bound)
		destroy(w);
}

/* All that came goes back to its senders. */
static void unreachable(struct way *w, unsigned condition, const char *why)
{
	struct msg_unreachable m = {.upto = w->carrying.carried.out_number, .condition = (uint16_t)condition};
	struct link *link = s2sd_link(w->carrying.srv);
	char text[257];

	if (!s2sd_router_ready(w->carrying.srv)) {
		w->waiting = true; /* there is nobody to give it to */
		return;
	}
	snprintf(text, sizeof text, "%s", why);
	m.text = str_of(text);
	count_add(COUNT_UNREACHABLE, 1);
	if (w->bound)
		(void)LINK_SEND(link, UNREACHABLE, unreachable, w->carrying.carried.id, &m);
	way_give_back(w);
}

/* ---- out ------------------------------------------------------------------------------- */

static void done(struct way *w, uint64_t n)
{
	kept_drop(&w->kept, n);
	carried_done(&w->carrying.carried, n);
}

bool way_unfinished(const struct way *w)
{
	return w->carrying.carried.out_done < w->carrying.carried.out_number;
}

static uint64_t later(uint64_t n, int64_t base)
{
	return base > 0 && (uint64_t)base > n ? (uint64_t)base : n;
}

bool way_acknowledged(struct way *w, uint32_t h)
{
	const struct carried *c = &w->carrying.carried;
	uint64_t from = later(c->out_done, w->sm_base);
	uint32_t new = h - (uint32_t)((int64_t)from - w->sm_base); /* modulo 2^32 */

	if (new > c->out_number - from)
		return false;
	if (new > 0)
		done(w, from + new);
	return true;
}

/* What is not counted by the remote is done when the kernel has it. */
static void written(struct way *w, uint64_t n)
{
	if (w->peer->sm.enabled && (w->sm_base <= 0 || n > (uint64_t)w->sm_base))
		n = w->sm_base > 0 ? (uint64_t)w->sm_base : 0;
	if (n > w->carrying.carried.out_done)
		done(w, n);
}

void way_sent(struct way *w)
{
	struct peer *p = w->peer;
	uint64_t sent = stream_sent(p->stream);
	bool open = p->mark_number < w->carrying.carried.out_number;

	if (w->telling)
		return;
	if (p->mark_open && sent >= p->mark_offset) {
		p->mark_open = false;
		written(w, p->mark_number);
	}
	if (open && !p->mark_open) {
		p->mark_open = true;
		p->mark_number = w->carrying.carried.out_number;
		p->mark_offset = stream_written(p->stream);
		if (p->unsent_since == 0)
			p->unsent_since = clock_ms();
		stream_wait_sent(p->stream);
	}
	sm_request(p);
}

void way_write(struct way *w, struct str from, struct str additions, struct str envelope)
{
	struct stanza s;

	if (stanza_decode(envelope, &s) != 0)
		return;
	s.from = from;
	(void)stanza_write(peer_output(w->peer), &s, additions, STR_NONE);
	w->peer->sm.out_count++;
	count_add(COUNT_STANZAS_OUT, 1);
}

/* The next s2sd will know, too: "7 their-id our-session", each of them "-" where it is not. */
void way_tell(struct way *w)
{
	struct buf state = BUF_INIT;
	struct msg_way_state m;

	if (w->sm_id != NULL || w->session != NULL)
		buf_printf(&state, "%ld %s %s", (long)w->sm_base, w->sm_id != NULL ? w->sm_id : "-",
			w->session != NULL ? w->session : "-");
	m.state = buf_str(&state);
	if (s2sd_link(w->carrying.srv) != NULL &&
		LINK_SEND(s2sd_link(w->carrying.srv), WAY_STATE, way_state, w->carrying.carried.id, &m) == 0)
		w->tells++;
	buf_fini(&state);
}

void way_set(char **text, const char *value)
{
	free(*text);
	*text = value != NULL ? bh_strdup(value) : NULL;
}

static void too_much(const struct way *w)
{
	log_warn("sm-count", "local=%s remote=%s reason=\"it has got more than was sent\"", w->local, w->remote);
}

/* The stream goes on, or another has begun; of the one before the remote may still know how far it had come. */
static void take_sm(struct way *w, struct peer_sm *sm)
{
	bool had = w->sm_id != NULL || w->session != NULL;

	if ((sm->resumed || sm->known) && !way_acknowledged(w, sm->h))
		too_much(w);
	if (sm->resumed)
		return;
	free(w->sm_id);
	w->sm_id = sm->id;
	sm->id = NULL;
	way_set(&w->session, NULL);
	w->sm_base = (int64_t)w->carrying.carried.out_done;
	if (had || w->sm_id != NULL)
		way_tell(w);
}

void way_comes_back(struct way *w, const char *session)
{
	way_set(&w->session, session);
	way_tell(w);
}

/* What is not done goes out on the stream that it has now. */
static void begin_sending(struct way *w)
{
	struct msg_restore_stanza m;
	struct peer *p = w->peer;
	const char *method = !p->ours ? "both" : p->authenticated ? "EXTERNAL" : "dialback";
	uint64_t at;

	log_info("way-open", "conn=%s to=%s local=%s remote=%s method=%s tls=%s sm=%s", peer_name(p), peer_address(p),
		w->local, w->remote, method, LOG_TEXT(stream_tls_description(p->stream)),
		p->sm.resumed ? "resumed" : p->sm.enabled ? "yes" : "no");
	w->without_ms = 0;
	w->waiting = false;
	failure_forget(w->carrying.srv, w->pair);
	p->mark_number = w->carrying.carried.out_done;
	p->mark_open = false;
	at = records_first(&w->kept);
	while (kept_next(&w->kept, &at, &m))
		way_write(w, m.from, m.additions, m.stanza);
	way_sent(w);
}

static void on_open(void *owner, struct peer *p)
{
	struct way *w = owner;

	w->peer = p;
	p->way = w;
	w->telling = p->sm.id != NULL && !p->sm.resumed; /* one that cannot be resumed need not be known */
	take_sm(w, &p->sm);
	if (!w->telling)
		begin_sending(w);
}

int on_way_known(const struct bus_event *event)
{
	struct way *w = way_find(event->owner, event->frame->subject);
	struct msg_way_known m;

	if (bus_get_way_known(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (w == NULL || w->tells == 0)
		return 0;
	w->tells--;
	if (w->tells > 0 || !w->telling || w->peer == NULL)
		return 0;
	w->telling = false;
	begin_sending(w);
	return 0;
}

/* ---- on a stream that has come to us ------------------------------------------------------ */

/* The remote has resumed the stream that it went out on. */
static bool goes_on(const struct way *w, const struct peer *p)
{
	return w->session != NULL && w->sm_id == NULL && p->sm.session != NULL && strcmp(w->session, p->sm.session) == 0;
}

static void join(struct way *w, struct peer *p)
{
	w->peer = p;
	p->way = w;
	p->sm.resumed = goes_on(w, p);
	if (p->sm.resumed && !way_acknowledged(w, p->sm.h))
		too_much(w);
	if (!p->sm.resumed) {
		way_set(&w->sm_id, NULL);
		way_set(&w->session, p->sm.session);
		w->sm_base = (int64_t)w->carrying.carried.out_done - p->sm.out_count;
		way_tell(w);
	}
	if (p->sm.resumed)
		p->sm.out_count = (uint32_t)((int64_t)w->carrying.carried.out_done - w->sm_base);
	w->telling = p->sm.enabled && !p->sm.resumed;
	if (!w->telling)
		begin_sending(w);
}

/* What was sent on the stream before, and not acknowledged, can be resumed neither there nor with another. */
static bool may_move(const struct way *w, const struct peer *p)
{
	if (w->sm_id != NULL)
		return !way_unfinished(w) && w->session == NULL;
	return goes_on(w, p) || clock_ms() >= w->until_ms;
}

void way_meet(struct peer *p, const char *local, const char *remote)
{
	char pair[PAIR_MAX];
	struct way *w;

	snprintf(pair, sizeof pair, "%s/%s", remote, local);
	w = way_find_pair(p->carrying.srv, pair);
	if (w != NULL && w->bound && w->peer == NULL && w->outgoing == NULL && may_move(w, p))
		join(w, p);
}

void way_counted(struct way *w)
{
	way_set(&w->session, w->peer->sm.session);
	w->sm_base = (int64_t)w->carrying.carried.out_number;
	w->peer->sm.out_count = 0;
	way_tell(w);
}

/* Nothing is left to do, and nobody need go on. */
static void leave(struct way *w)
{
	way_set(&w->sm_id, NULL);
	way_set(&w->session, NULL);
	way_tell(w);
	way_give_back(w);
}

void way_left(struct peer *p)
{
	struct way *w = p->way;

	if (w == NULL)
		return;
	w->peer = NULL;
	p->way = NULL;
	log_info("way-ended", "local=%s remote=%s error=none reason=%s", w->local, w->remote, LOG_TEXT(p->why));
	if (p->detached)
		w->until_ms = clock_ms() + RESUME_MS;
	else
		way_set(&w->session, NULL);
	if (way_unfinished(w))
		way_seek(w);
	else
		leave(w);
}

/* ---- looking for one ---------------------------------------------------------------------- */

static const struct outgoing_handlers handlers;

static void dial_out(struct way *w)
{
	const struct outgoing_wish wish = {.local = w->local, .remote = w->remote, .both_ways = true};

	if (w->sm_id == NULL)
		way_set(&w->session, NULL); /* of a stream that the remote has not resumed */
	w->outgoing = outgoing_start(w->carrying.srv, &wish, &handlers, w);
}

void way_seek(struct way *w)
{
	const struct failure *f = failure_find(w->carrying.srv, w->pair);
	struct peer *p = bidi_find(w->carrying.srv, w->local, w->remote);

	if (w->without_ms == 0)
		w->without_ms = clock_ms();
	if (w->carrying.srv->stopping || w->carrying.srv->draining)
		way_give_back(w);
	else if (p != NULL && p->sm.settled && may_move(w, p))
		join(w, p);
	else if (clock_ms() < w->until_ms || (p != NULL && w->sm_id == NULL))
		w->waiting = true;
	else if (!way_unfinished(w) && w->sm_id == NULL)
		leave(w);
	else if (f != NULL)
		unreachable(w, f->condition, f->why);
	else
		dial_out(w);
}

/* It has not been away for long. */
static bool may_come_back(const struct way *w)
{
	return clock_ms() - w->without_ms < w->carrying.srv->settings.connect_timeout_ms;
}

static void on_ended(void *owner, unsigned condition, const char *why)
{
	struct way *w = owner;

	if (w->peer != NULL && !w->peer->detached)
		way_set(&w->session, NULL); /* nothing comes back on it any more */
	if (w->peer != NULL)
		w->peer->way = NULL;
	w->peer = NULL;
	outgoing_free(&w->outgoing);
	log_info("way-ended", "local=%s remote=%s error=%s reason=%s", w->local, w->remote,
		condition != 0 ? stanza_error_name(condition) : "none", LOG_TEXT(why));
	if (condition == 0 && records_empty(&w->kept) && w->session == NULL) {
		leave(w);
	} else if (condition == 0) {
		way_seek(w);
	} else if (condition == STANZA_REMOTE_SERVER_TIMEOUT && may_come_back(w)) {
		w->waiting = true;
	} else {
		failure_note(w->carrying.srv, w->pair, condition, why);
		unreachable(w, condition, why);
	}
}

void ways_tick(struct s2sd *srv)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &srv->ways);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct way *w = container_of(n, struct way, node);

		if (!w->waiting)
			continue;
		w->waiting = false;
		way_seek(w);
	}
}

static struct previous previous(void *owner)
{
	const struct way *w = owner;

	return (struct previous){.id = w->sm_id, .session = w->session};
}

static void not_resumed(void *owner, bool known, uint32_t h)
{
	struct way *w = owner;

	if (known && !way_acknowledged(w, h))
		too_much(w);
	way_set(&w->sm_id, NULL);
	way_set(&w->session, NULL);
	way_tell(w);
}

static const struct outgoing_handlers handlers = {
	.open = on_open, .ended = on_ended, .previous = previous, .not_resumed = not_resumed};
