/* Falling asleep, and what the old front end and a new one wait for. */
#include "routerd/hibernate.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "bus/codes.h"
#include "daemon/log.h"
#include "routerd/abroad.h"
#include "routerd/custody_store.h"
#include "routerd/restore.h"
#include "routerd/resume.h"
#include "routerd/session_row.h"

bool session_outlives(const struct session *s, unsigned reason)
{
	return s->sm && s->resume_s > 0 && reason != CLOSE_BY_CLIENT && reason != CLOSE_BY_SERVER;
}

static bool is_asleep(const struct session *s)
{
	return !list_empty(&s->asleep);
}

/* When it fell asleep, by the clock of wakes_until: that may be before that clock began. */
static int64_t slept_at(const struct session *s)
{
	return (int64_t)s->wakes_until - (int64_t)s->resume_s * 1000;
}

/* Of the account's other sleepers the one that has slept longest; how many sleep. */
static unsigned count_asleep(const struct session *newest, struct session **oldest)
{
	unsigned n = 0;

	*oldest = NULL;
	list_for_each(pos, &newest->account->sessions) {
		struct session *s = container_of(pos, struct session, in_account);

		n += is_asleep(s);
		if (s != newest && is_asleep(s) && (*oldest == NULL || slept_at(s) < slept_at(*oldest)))
			*oldest = s;
	}
	return n;
}

/* The account's oldest sleepers end when there are too many.  Only the account's are looked through: a front end that
 * dies leaves tens of thousands at once. */
static void enforce_limit(const struct session *newest)
{
	const struct router *r = newest->origin->router;
	struct session *oldest;

	if (newest->account == NULL)
		return;
	while (count_asleep(newest, &oldest) > r->limits.resume_sessions && oldest != NULL)
		session_end(oldest);
}

void hibernate_begin(struct session *s)
{
	s->asleep_since = clock_wall();
	s->wakes_until = clock_ms() + (uint64_t)s->resume_s * 1000;
	list_append(&s->origin->router->asleep, &s->asleep);
	session_changed(s, NULL);
}

void session_sleep(struct session *s)
{
	log_info("session-asleep", "conn=%s jid=%s max=%u", connection_name(s->connection), LOG_TEXT(s->text),
		s->resume_s);
	s->connection->session = NULL;
	origin_uncharge(s->origin);
	s->connection = NULL;
	session_recount(s);
	hibernate_begin(s);
	custody_store_all(s);
	enforce_limit(s);
	abroad_asleep(s);
}

void session_detach(struct session *s)
{
	struct connection *c = s->connection;

	s->fenced = c;
	c->left = s;
	list_append(&s->origin->router->unsealed, &s->unsealed);
	session_sleep(s);
}

/* All that was accepted from its client is safe, and all that waits for it is stored. */
static bool is_complete(const struct session *s)
{
	return s->origin->safe == s->origin->number && !origin_busy(s->origin) &&
	       custody_all_stored(s);
}

static void drop_copy(struct session *s)
{
	struct msg_drop m;
	struct connection *c = s->fenced;

	s->fenced = NULL;
	if (c == NULL)
		return;
	c->left = NULL;
	if (c->front->peer->link != NULL)
		(void)LINK_SEND(c->front->peer->link, DROP, drop, c->id, &m);
	connection_end(c);
}

static void on_sealed(void *arg, int rc)
{
	struct origin *o = arg;
	struct session *s = o->session;

	if (s != NULL) {
		s->sealing = false;
		/* Whoever it was sealed for may have gone, and another have come. */
		if (s->sealed_wish != (s->wanted != NULL ? s->wishes : 0))
			session_changed(s, NULL);
		if (rc == 0)
			drop_copy(s);
		else
			log_error("store-failed", "session=%s reason=%s", LOG_TEXT(s->text),
				LOG_TEXT(bh_strerror(rc)));
		if (s->wanted != NULL && s->sealed_wish == s->wishes)
			resume_finish(s, rc);
		if (s->fenced == NULL && s->wanted == NULL)
			list_remove(&s->unsealed);
	}
	origin_unref(&o);
}

/* Its numbers go to the store as they will stay; with the new owner, where there is one. */
static void seal(struct session *s)
{
	struct store_tx *tx = store_begin(s->origin->router->store);

	s->sealing = true;
	s->sealed_wish = s->wanted != NULL ? s->wishes : 0;
	if (s->wanted != NULL)
		s->epoch++;
	session_write(s, tx);
	store_commit(tx, on_sealed, origin_ref(s->origin));
}

void hibernate_progress(struct router *r)
{
	list_for_each_safe(pos, &r->unsealed) {
		struct session *s = container_of(pos, struct session, unsealed);

		if (!s->sealing && is_complete(s))
			seal(s);
	}
}

void hibernate_tick(struct router *r)
{
	uint64_t now = clock_ms();

	list_for_each_safe(pos, &r->asleep) {
		struct session *s = container_of(pos, struct session, asleep);

		if (s->wakes_until > now || s->wanted != NULL)
			continue;
		log_info("session-expired", "jid=%s", LOG_TEXT(s->text));
		session_end(s);
	}
}

void hibernate_forget(struct session *s)
{
	list_remove(&s->asleep);
	list_remove(&s->unsealed);
	drop_copy(s);
	resume_gone(s);
}

/* Something that waits for the session may come again from its sender, and nobody but the session's dead
 * front end knew that it has come. */
static bool may_repeat(const struct session *s)
{
	return custody_unsafe(s) || !list_empty(&s->waking) || !list_empty(&s->resending);
}

bool hibernate_healed(const struct router *r)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->sessions);
	while ((n = map_walk_next(&walk)) != NULL)
		if (may_repeat(container_of(n, struct session, node)))
			return false;
	return restore_over(r) && list_empty(&r->unsealed) && r->batches == 0 && r->storing == NULL;
}
