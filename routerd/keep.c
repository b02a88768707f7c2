/* Copies of stanzas. */
#include "routerd/keep.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "daemon/log.h"

struct kept {
	struct cause cause;
	bool aside;
	transit_rows_fn *fn; /* of transit_ask() */
	uint32_t from_len, envelope_len;
	char bytes[]; /* from, then the envelope */
};

/* No larger than a frame that we have in memory at this moment: there is room for it. */
struct kept *kept_copy(const struct transit *t)
{
	struct kept *k = bh_alloc(sizeof *k + t->from.full.len + t->envelope.len);

	k->cause = t->cause;
	k->from_len = t->from.full.len;
	k->envelope_len = t->envelope.len;
	memcpy(k->bytes, t->from.full.p, k->from_len);
	memcpy(k->bytes + k->from_len, t->envelope.p, k->envelope_len);
	return k;
}

struct kept *transit_keep(struct transit *t)
{
	struct kept *k = kept_copy(t);

	origin_block(k->cause.origin);
	origin_open(k->cause.origin, k->cause.number);
	return k;
}

struct kept *transit_keep_aside(struct transit *t)
{
	struct kept *k = kept_copy(t);

	k->aside = true;
	origin_ref(k->cause.origin);
	origin_open(k->cause.origin, k->cause.number);
	return k;
}

void kept_restore(const struct kept *k, struct transit *t)
{
	struct session *s = k->cause.origin->session;

	*t = (struct transit){
		.cause = k->cause,
		.envelope = {k->bytes + k->from_len, k->envelope_len},
		.sender = s != NULL && s->account != NULL ? s : NULL,
	};
	/* A copy of what was checked when it came in. */
	BUG_ON(stanza_decode(t->envelope, &t->stanza) != 0);
	jid_split(str_make(k->bytes, k->from_len), &t->from);
	if (t->stanza.to.p != NULL)
		jid_split(t->stanza.to, &t->to);
}

void kept_end(struct kept **kept)
{
	struct kept *k = *kept;
	struct origin *o;
	bool aside;

	*kept = NULL;
	if (k == NULL)
		return;
	o = k->cause.origin;
	aside = k->aside;
	origin_close(o, k->cause.number);
	kept_free(&k);
	if (aside)
		origin_unref(&o);
	else
		origin_unblock(o);
}

void kept_free(struct kept **k)
{
	free(*k);
	*k = NULL;
}

static void on_rows(void *arg, int rc, struct store_rows *rows)
{
	struct kept *k = arg;
	struct transit t;

	kept_restore(k, &t);
	if (rc == 0) {
		k->fn(&t, rows);
	} else {
		log_error("store-failed", "reason=%s", LOG_TEXT(bh_strerror(rc)));
		transit_error(&t, STANZA_INTERNAL_SERVER_ERROR, "the data could not be read");
	}
	kept_end(&k);
}

void transit_ask(struct transit *t, struct store_tx *tx, transit_rows_fn *fn)
{
	struct kept *k = transit_keep(t);

	k->fn = fn;
	store_ask(tx, on_rows, k);
}
