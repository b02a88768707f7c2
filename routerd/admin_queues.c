/* Verbs about what waits: for clients, for those who are away, for remote domains. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/exits.h"
#include "routerd/account.h"
#include "routerd/custody_entry.h"
#include "routerd/data.h"
#include "routerd/front.h"
#include "routerd/requests.h"
#include "routerd/session.h"
#include "routerd/verb.h"

/* Of those who are away, with most messages. */
enum { LISTED = 10000 };

/* After a look at the store, so many times as long as it took. */
enum { REST = 4 };

static const char *kind_of(const struct session *s)
{
	if (s->pair != NULL)
		return "remote";
	if (s->component != NULL)
		return "component";
	return s->connection != NULL ? "session" : "asleep";
}

static void queue_row(const struct ask *q, const struct session *s)
{
	struct ctl_row row;

	ctl_row_begin(&row, q->asker->link, q->subject);
	ctl_cell(&row, "%s", kind_of(s));
	ctl_cell(&row, "%s", s->text);
	ctl_cell(&row, "%zu", list_length(&s->outbound));
	ctl_cell(&row, "%zu", s->outbound_bytes);
	ctl_cell(&row, "%s", s->connection != NULL ? s->connection->front->peer->instance : "-");
	ctl_cell(&row, "%s", "-");
	ctl_row_end(&row);
}

/* ---- all of them --------------------------------------------------------------------------------- */

/* Somebody waits for what the store says. */
struct asking {
	struct router *router;
	uint64_t id; /* of the request, which the asker may have left */
	bool paced;
	void (*row)(const struct ask *q, const struct store_rows *rows);
};

static void away_row(const struct ask *q, const struct store_rows *rows)
{
	char oldest[CLOCK_STAMP_SIZE];
	struct ctl_row row;

	clock_stamp(store_row_int(rows, 3), oldest);
	ctl_row_begin(&row, q->asker->link, q->subject);
	ctl_cell(&row, "%s", "offline");
	ctl_cell(&row, "%.*s", STR_FMT(store_row_text(rows, 0)));
	ctl_cell(&row, "%ld", (long)store_row_int(rows, 1));
	ctl_cell(&row, "%ld", (long)store_row_int(rows, 2));
	ctl_cell(&row, "%s", "-");
	ctl_cell(&row, "%s", oldest);
	ctl_row_end(&row);
}

static void end_look(struct looks *looks)
{
	uint64_t now = clock_ms();

	looks->open = false;
	looks->next_ms = now + REST * (now - looks->began_ms);
}

/* Administrators always may. */
static bool may_look(const struct ask *q)
{
	struct looks *looks = &q->router->looks;

	if (q->asker->role != ROLE_MONITOR)
		return true;
	if (looks->open || clock_ms() < looks->next_ms) {
		ctl_end(q->asker->link, q->subject, EXIT_TEMPORARY, "somebody has just looked at the queues: ask again");
		return false;
	}
	*looks = (struct looks){.open = true, .began_ms = clock_ms()};
	return true;
}

static void on_offline(void *arg, int rc, struct store_rows *rows)
{
	struct asking *asking = arg;
	struct request *request = request_find(asking->router, asking->id, NULL);
	struct reply done = {.code = rc == 0 ? EXIT_OK : EXIT_TEMPORARY,
		.text = rc == 0 ? STR_NONE : STR_LIT("the store cannot be read; the log of routerd says why")};

	while (request != NULL && rc == 0 && store_row(rows))
		asking->row(&(struct ask){.asker = request->asker, .subject = request->subject}, rows);
	if (request != NULL)
		request_answer(asking->router, request, &done);
	if (asking->paced)
		end_look(&asking->router->looks);
	free(asking);
}

static void ask_store(const struct ask *q, struct store_tx *tx,
	void (*row)(const struct ask *q, const struct store_rows *rows))
{
	struct asking *asking = bh_alloc(sizeof *asking);

	*asking = (struct asking){.router = q->router, .row = row, .paced = q->asker->role == ROLE_MONITOR};
	asking->id = request_open(q->router, q->asker, q->subject, NULL);
	store_ask(tx, on_offline, asking);
}

#define QUEUE_COLUMNS "kind queue stanzas bytes instance oldest"

/* Those that hold something. */
static void verb_queue_list(const struct ask *q)
{
	struct store_tx *tx;
	struct map_walk walk;
	struct map_node *n;

	if (!may_look(q))
		return;
	ctl_columns(q->asker->link, q->subject, QUEUE_COLUMNS);
	map_walk_start(&walk, &q->router->sessions);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct session *s = container_of(n, struct session, node);

		if (!list_empty(&s->outbound))
			queue_row(q, s);
	}
	tx = store_begin(q->router->store);
	store_int(tx, LISTED);
	store_do(tx, SQL_OFFLINE_QUEUES);
	ask_store(q, tx, away_row);
}

/* ---- one ----------------------------------------------------------------------------------------- */

static bool concerns(const struct session *s, const struct jid *jid)
{
	if (s->account != NULL)
		return str_eq(s->jid.bare, jid->bare) &&
		       (jid->resource.p == NULL || str_eq(s->jid.resource, jid->resource));
	/* "remote/local", or a component's domain */
	return jid->local.p == NULL && str_eq(s->jid.domain, jid->domain);
}

static const char *name_of(const struct parcel_text *text)
{
	static const char *const names[] = {
		[STANZA_MESSAGE] = "message", [STANZA_PRESENCE] = "presence", [STANZA_IQ] = "iq"};
	struct stanza s;

	return stanza_decode(text->envelope, &s) == 0 ? names[s.kind] : "-";
}

static const char *place_of(const struct custody *c)
{
	if (c->stored)
		return "stored";
	return custody_is_held(c) ? "held" : "sent";
}

static void stanza_row(const struct ask *q, const struct session *s, const struct custody *c)
{
	struct parcel_text text = parcel_text(c->parcel);
	struct ctl_row row;

	ctl_row_begin(&row, q->asker->link, q->subject);
	ctl_cell(&row, "%s", kind_of(s));
	ctl_cell(&row, "%s", s->text);
	ctl_cell(&row, "%lu", (unsigned long)c->n);
	ctl_cell(&row, "%.*s", STR_FMT(text.from));
	ctl_cell(&row, "%s", name_of(&text));
	ctl_cell(&row, "%zu", (size_t)text.envelope.len + text.additions.len);
	ctl_cell(&row, "%s", place_of(c));
	ctl_cell(&row, "%s", "-");
	ctl_row_end(&row);
}

static void stored_row(const struct ask *q, const struct store_rows *rows)
{
	char since[CLOCK_STAMP_SIZE];
	struct ctl_row row;

	clock_stamp(store_row_int(rows, 4), since);
	ctl_row_begin(&row, q->asker->link, q->subject);
	ctl_cell(&row, "%s", "offline");
	ctl_cell(&row, "%.*s", STR_FMT(store_row_text(rows, 0)));
	ctl_cell(&row, "%ld", (long)store_row_int(rows, 1));
	ctl_cell(&row, "%.*s", STR_FMT(store_row_text(rows, 2)));
	ctl_cell(&row, "%s", "message");
	ctl_cell(&row, "%ld", (long)store_row_int(rows, 3));
	ctl_cell(&row, "%s", "stored");
	ctl_cell(&row, "%s", since);
	ctl_row_end(&row);
}

/* Who sends what to whom, and where it is; never what it says. */
static void verb_queue_show(const struct ask *q)
{
	struct store_tx *tx;
	char text[JID_MAX + 1];
	struct map_walk walk;
	struct map_node *n;
	struct jid jid;

	if (ask_address(q, text, &jid) != 0 || !may_look(q))
		return;
	ctl_columns(q->asker->link, q->subject, "kind queue number from stanza bytes state since");
	map_walk_start(&walk, &q->router->sessions);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct session *s = container_of(n, struct session, node);

		if (!concerns(s, &jid))
			continue;
		list_for_each(pos, &s->outbound)
			stanza_row(q, s, container_of(pos, struct custody, in_session));
	}
	tx = store_begin(q->router->store);
	store_text(tx, jid.bare);
	store_int(tx, LISTED);
	store_do(tx, SQL_OFFLINE_QUEUE);
	ask_store(q, tx, stored_row);
}

const struct verb queue_verbs[] = {
	{"queue.list", verb_queue_list, false},
	{"queue.show", verb_queue_show, false},
	{NULL, NULL, false},
};
