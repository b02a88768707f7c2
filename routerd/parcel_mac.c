/* SipHash of the texts, and of these with what names the stanza. */
#include "routerd/parcel_mac.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/rand.h"
#include "base/secret.h"
#include "routerd/data.h"
#include "routerd/origin.h"

/* What is authenticated: without padding. */
struct named {
	struct bus_id origin;
	uint64_t number, branch, from, additions, envelope;
};

static uint64_t mac_of(const struct router *r, struct named n, const struct parcel_text *text)
{
	const struct hash_key *of_texts = &r->parcel_keys[0], *of_all = &r->parcel_keys[1];

	n.from = hash_mac(of_texts, text->from.p, text->from.len);
	n.additions = hash_mac(of_texts, text->additions.p, text->additions.len);
	n.envelope = hash_mac(of_texts, text->envelope.p, text->envelope.len);
	return hash_mac(of_all, &n, sizeof n);
}

uint64_t parcel_mac(struct parcel *p)
{
	struct parcel_text text = parcel_text(p);

	if (p->mac == 0)
		p->mac = mac_of(p->origin->router,
			(struct named){.origin = p->origin->id, .number = p->number, .branch = p->branch}, &text);
	return p->mac;
}

bool parcel_mac_is_ours(const struct router *r, const struct msg_restore_stanza *m)
{
	uint64_t mac = mac_of(r, (struct named){.origin = m->origin, .number = m->number, .branch = m->branch},
		&(struct parcel_text){.from = m->from, .additions = m->additions, .envelope = m->stanza});

	return secret_equal(&mac, &m->mac, sizeof mac);
}

/* ---- the keys ----------------------------------------------------------------------- */

struct opening {
	struct router *router;
	void (*done)(void *arg, int rc);
	void *arg;
};

static void end(struct opening *o, int rc)
{
	o->done(o->arg, rc);
	free(o);
}

static void on_keys(void *arg, int rc, struct store_rows *rows)
{
	struct opening *o = arg;
	struct hash_key *keys = o->router->parcel_keys;
	size_t size = sizeof o->router->parcel_keys;
	struct str found = rc == 0 && store_row(rows) ? store_row_text(rows, 0) : STR_NONE;

	if (found.len == size)
		memcpy(keys, found.p, size);
	end(o, found.len == size ? 0 : BH_EIO);
}

static void on_made(void *arg, int rc)
{
	struct opening *o = arg;
	struct store_tx *tx;

	if (rc != 0) {
		end(o, rc);
		return;
	}
	tx = store_begin(o->router->store);
	store_do(tx, SQL_PARCEL_KEYS_GET);
	store_ask(tx, on_keys, o);
}

void parcel_keys_open(struct router *r, void (*done)(void *arg, int rc), void *arg)
{
	struct opening *o = bh_alloc(sizeof *o);
	struct store_tx *tx = store_begin(r->store);
	struct hash_key fresh[2];

	*o = (struct opening){.router = r, .done = done, .arg = arg};
	rand_bytes(fresh, sizeof fresh);
	store_blob(tx, str_make((const char *)fresh, sizeof fresh));
	store_do(tx, SQL_PARCEL_KEYS_ADD); /* unless there are some */
	store_commit(tx, on_made, o);
	secret_wipe(fresh, sizeof fresh);
}
