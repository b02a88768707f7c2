/* A stream of its own for each question. */
#include "s2sd/verify.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "s2sd/outgoing.h"
#include "s2sd/proof.h"
#include "xmpp/escape.h"

struct verify {
	struct proof *proof;
	struct outgoing *outgoing;
	struct peer *peer;
	struct s2sd *srv;
	struct address giver; /* of the key: counted in s2sd.asking */
	char *key, *id;
};

static void release(struct verify *v)
{
	if (v->peer != NULL)
		v->peer->verify = NULL;
	outgoing_free(&v->outgoing);
	crowd_leave(&v->srv->asking, &v->giver);
	v->srv->nasking--;
	free(v->key);
	free(v->id);
	free(v);
}

void verify_cancel(struct verify **v)
{
	struct verify *gone = *v;

	*v = NULL;
	release(gone);
}

/* The proof goes on without it. */
static struct proof *finish(struct verify *v)
{
	struct proof *proof = v->proof;

	proof->verify = NULL;
	release(v);
	return proof;
}

static void on_open(void *owner, struct peer *p)
{
	struct verify *v = owner;
	struct buf *out = peer_output(p);

	v->peer = p;
	p->verify = v;
	buf_put_lit(out, "<db:verify");
	escape_put_attribute(out, "from", str_of(v->proof->local));
	escape_put_attribute(out, "to", str_of(v->proof->remote));
	escape_put_attribute(out, "id", str_of(v->id));
	buf_put_lit(out, ">");
	escape_text(out, str_of(v->key));
	buf_put_lit(out, "</db:verify>");
}

static void on_ended(void *owner, unsigned condition, const char *why)
{
	char text[256];

	snprintf(text, sizeof text, "its own server could not be asked: %s", why);
	proof_refuse(finish(owner), condition != 0 ? condition : STANZA_REMOTE_SERVER_TIMEOUT, text);
}

static const struct outgoing_handlers handlers = {.open = on_open, .ended = on_ended};

static bool admit(struct s2sd *srv, const struct address *giver)
{
	if (srv->nasking >= srv->settings.verifications ||
		!crowd_enter(&srv->asking, giver, srv->settings.verifications_per_address))
		return false;
	srv->nasking++;
	return true;
}

bool verify_start(struct proof *proof, struct str key)
{
	struct s2sd *srv = proof->peer->carrying.srv;
	const struct address *giver = stream_peer(proof->peer->stream);
	struct verify *v;

	if (!admit(srv, giver))
		return false;
	v = bh_alloc(sizeof *v);
	v->srv = srv;
	v->giver = *giver;
	v->proof = proof;
	v->key = bh_strndup(key.p, key.len);
	v->id = bh_strdup(proof->peer->stream_id);
	proof->verify = v;
	v->outgoing = outgoing_start(srv, &(struct outgoing_wish){proof->local, proof->remote, .only_ask = true}, &handlers, v);
	return true;
}

bool verify_asked(const struct peer *p, struct str local, struct str remote, struct str id)
{
	const struct verify *v = p->verify;

	return v != NULL && id.p != NULL && str_is(id, v->id) && str_is(local, v->proof->local) &&
	       str_is(remote, v->proof->remote);
}

void verify_answered(struct peer *p, bool valid, unsigned condition, const char *why)
{
	struct proof *proof = finish(p->verify);

	if (valid)
		proof_hold(proof);
	else
		proof_refuse(proof, condition, why);
}
