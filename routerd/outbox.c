/* Rows in, rows out. */
#include "routerd/outbox.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/records.h"
#include "routerd/accepted.h"
#include "routerd/account.h"
#include "routerd/consequence.h"
#include "routerd/data.h"

/* A consequence of the run before. */
struct left {
	struct list link; /* in router.outbox */
	struct bus_id origin;
	uint64_t number;
	unsigned kind;
	uint32_t about_len, from_len, envelope_len;
	char bytes[];
};

static struct str id_blob(const struct bus_id *id)
{
	return str_make((const char *)id->b, sizeof id->b);
}

void outbox_put(struct store_tx *tx, const struct outbox_row *row)
{
	store_blob(tx, id_blob(&row->cause->origin->id));
	store_int(tx, (int64_t)row->cause->number);
	store_int(tx, row->seq);
	store_int(tx, row->kind);
	store_text(tx, row->about);
	store_text(tx, row->from);
	store_blob(tx, row->envelope);
	store_do(tx, SQL_OUTBOX_ADD);
}

void outbox_forget(struct router *r, const struct origin *o, uint64_t n)
{
	struct store_tx *tx = store_begin(r->store);

	store_blob(tx, id_blob(&o->id));
	store_int(tx, (int64_t)n);
	store_do(tx, SQL_OUTBOX_DELETE);
	store_commit(tx, NULL, NULL);
}

void outbox_load(struct router *r, const struct store_rows *row)
{
	struct str origin = store_row_text(row, 1), about = store_row_text(row, 4);
	struct str from = store_row_text(row, 5), envelope = store_row_text(row, 6);
	struct left *l = bh_alloc(sizeof *l + about.len + from.len + envelope.len);
	char *at = l->bytes;

	memcpy(l->origin.b, origin.p, origin.len < sizeof l->origin.b ? origin.len : sizeof l->origin.b);
	l->number = (uint64_t)store_row_int(row, 2);
	l->kind = (unsigned)store_row_int(row, 3);
	l->about_len = about.len;
	l->from_len = from.len;
	l->envelope_len = envelope.len;
	if (about.len > 0)
		at = mempcpy(at, about.p, about.len);
	at = mempcpy(at, from.p, from.len);
	memcpy(at, envelope.p, envelope.len);
	list_append(&r->outbox, &l->link);
	accepted_note_judged(r, &l->origin, l->number);
}

bool outbox_judged(const struct cause *cause)
{
	return accepted_was_judged(cause->router, &cause->origin->id, cause->number);
}

static void carry_out(struct router *r, struct left *l, struct account *about)
{
	struct origin *o = origin_known(r, &l->origin);
	struct cause cause = {.router = r, .origin = o, .number = l->number};
	/* The sender's front end knows that it is safe: others have all that followed. */
	bool over = o->session != NULL && l->number <= o->safe;
	struct stanza s;

	if (!over && stanza_decode(str_make(l->bytes + l->about_len + l->from_len, l->envelope_len), &s) == 0) {
		s.from = str_make(l->bytes + l->about_len, l->from_len);
		consequence_follow(l->kind, &cause, about, &s);
	}
	if (o->session == NULL || over)
		outbox_forget(r, o, l->number);
	else if (o->outbox < l->number)
		o->outbox = l->number;
	origin_unref(&o);
}

static void run_on(void *router)
{
	struct router *r = router;

	while (!list_empty(&r->outbox)) {
		struct left *l = container_of(r->outbox.next, struct left, link);
		struct account *a = l->about_len > 0
			? account_of_ours(r, str_make(l->bytes, l->about_len)) : NULL;

		if (a != NULL && !account_ready(a)) {
			account_when_ready(a, run_on, r);
			return;
		}
		list_remove(&l->link);
		carry_out(r, l, a);
		free(l);
	}
	r->outbox_done(r);
}

void outbox_run(struct router *r, void (*done)(struct router *r))
{
	r->outbox_done = done;
	run_on(r);
}

void outbox_free(struct router *r)
{
	while (!list_empty(&r->outbox)) {
		struct left *l = container_of(r->outbox.next, struct left, link);

		list_remove(&l->link);
		free(l);
	}
}
