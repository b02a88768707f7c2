/* <auth mechanism='EXTERNAL'/> both ways. */
#include "s2sd/external.h"

#include "base/base64.h"
#include "s2sd/outgoing.h"
#include "s2sd/proof.h"
#include "xmpp/jid.h"
#include "xmpp/names.h"
#include "xmpp/tree.h"

static void refuse(struct peer *p, enum sasl_error condition)
{
	sasl_failure_write(peer_output(p), condition, STR_NONE);
	p->state = IN_SECURE;
}

/* "=" and nothing mean the domain of the stream. */
static bool is_remote(const struct peer *p, struct str initial)
{
	struct buf name = BUF_INIT;
	char text[JID_MAX + 1];
	struct jid jid;
	bool same = false;

	if (initial.len == 0 || str_is(initial, "="))
		return true;
	if (base64_decode(initial, &name) == 0)
		same = jid_prepare(buf_str(&name), text, &jid) == 0 && str_is(jid.full, p->remote);
	buf_fini(&name);
	return same;
}

void external_asked(struct peer *p, const struct element *e)
{
	struct proof *proof;

	if (!str_is(element_attribute(e, "mechanism"), "EXTERNAL") || !p->certified) {
		refuse(p, SASL_INVALID_MECHANISM);
		return;
	}
	if (!is_remote(p, e->text)) {
		refuse(p, SASL_INVALID_AUTHZID);
		return;
	}
	proof = proof_find(p, str_of(p->local), str_of(p->remote));
	if (proof == NULL)
		proof = proof_begin(p, str_of(p->local), str_of(p->remote), PROOF_EXTERNAL);
	if (proof == NULL || proof->state != PROOF_VERIFYING || proof->method != PROOF_EXTERNAL) {
		refuse(p, SASL_NOT_AUTHORIZED); /* a dialback for it is under way, or over */
		return;
	}
	p->state = IN_PROVING;
	proof_hold(proof);
}

void external_accepted(struct peer *p)
{
	buf_put_lit(peer_output(p), "<success xmlns='" NS_SASL "'/>");
	p->authenticated = true;
	peer_restart(p, IN_OPENING_AUTHED);
}

void external_refused(struct peer *p, unsigned condition)
{
	if (p->state != IN_PROVING)
		return;
	refuse(p, condition == STANZA_INTERNAL_SERVER_ERROR ? SASL_TEMPORARY_AUTH_FAILURE : SASL_NOT_AUTHORIZED);
}

void external_start(struct peer *p)
{
	struct buf *out = peer_output(p);

	buf_put_lit(out, "<auth xmlns='" NS_SASL "' mechanism='EXTERNAL'>");
	base64_encode(str_of(p->local), out);
	buf_put_lit(out, "</auth>");
	p->state = OUT_AUTH;
	outgoing_step(p, "says who we are by our certificate (SASL EXTERNAL)");
}

static bool is_temporary(const struct element *e)
{
	const struct tree_node *condition;
	struct tree *tree = NULL;
	bool yes;

	if (tree_parse(e->stanza.inner, NS_SASL, &tree) != 0)
		return false;
	condition = tree_first(tree);
	yes = condition != NULL && str_is(condition->name, "temporary-auth-failure");
	tree_free(&tree);
	return yes;
}

void external_answered(struct peer *p, const struct element *e)
{
	if (str_is(e->name, "failure") && is_temporary(e)) {
		peer_end(p, "the remote cannot say now whether it believes our certificate");
		return;
	}
	if (!str_is(e->name, "success")) {
		outgoing_step(p, "the remote does not accept our certificate");
		outgoing_without_external(p);
		return;
	}
	p->authenticated = true;
	peer_restart(p, OUT_OPENING_AUTHED);
}
