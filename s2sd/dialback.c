/* db:result and db:verify. */
#include "s2sd/dialback.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/mac.h"
#include "base/secret.h"
#include "daemon/log.h"
#include "s2sd/outgoing.h"
#include "s2sd/proof.h"
#include "s2sd/verify.h"
#include "xmpp/escape.h"
#include "xmpp/jid.h"
#include "xmpp/names.h"
#include "xmpp/tree.h"

/* ---- keys ------------------------------------------------------------------------------ */

static void hex(const uint8_t *bytes, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

void dialback_key(const uint8_t *secret, struct str receiving, struct str originating, struct str id,
	char key[DIALBACK_KEY_SIZE])
{
	uint8_t digest[DIGEST_SHA256_SIZE], mac[MAC_SIZE];
	char password[2 * DIGEST_SHA256_SIZE + 1];
	struct buf text = BUF_INIT;

	digest_sha256(str_make((const char *)secret, SECRET_SIZE), digest);
	hex(digest, sizeof digest, password);
	buf_printf(&text, "%.*s %.*s %.*s", STR_FMT(receiving), STR_FMT(originating), STR_FMT(id));
	mac_plain(str_make(password, sizeof password - 1), buf_str(&text), mac);
	hex(mac, sizeof mac, key);
	secret_wipe(password, sizeof password);
	buf_fini(&text);
}

static bool is_key(const uint8_t *secret, struct str given, struct str receiving, struct str originating,
	struct str id)
{
	char key[DIALBACK_KEY_SIZE];

	dialback_key(secret, receiving, originating, id, key);
	return given.len == sizeof key - 1 && secret_equal(given.p, key, given.len);
}

int on_dialback_secret(const struct bus_event *event)
{
	struct s2sd *srv = event->owner;
	struct msg_dialback_secret m;

	if (bus_get_dialback_secret(event->frame->body, &m) != 0 || m.secret.len != SECRET_SIZE)
		return BH_EPROTO;
	memcpy(srv->former_secret, srv->secret_known ? (const char *)srv->secret : m.secret.p, SECRET_SIZE);
	memcpy(srv->secret, m.secret.p, SECRET_SIZE);
	srv->secret_known = true;
	return 0;
}

/* ---- what is said ---------------------------------------------------------------------- */

/* A pair of domains in prepared form, as an element names it. */
struct named {
	char from_text[JID_MAX + 1], to_text[JID_MAX + 1];
	struct str from, to, id;
};

static bool domain_of(struct str text, char out[JID_MAX + 1], struct str *domain)
{
	struct jid jid;

	if (text.p == NULL || jid_prepare(text, out, &jid) != 0 || jid.local.p != NULL || jid.resource.p != NULL)
		return false;
	*domain = jid.domain;
	return true;
}

/* false after a stream error. */
static bool read_names(struct peer *p, const struct element *e, struct named *n)
{
	n->id = element_attribute(e, "id");
	if (domain_of(element_attribute(e, "from"), n->from_text, &n->from) &&
		domain_of(element_attribute(e, "to"), n->to_text, &n->to))
		return true;
	peer_fail(p, STREAM_IMPROPER_ADDRESSING, "a dialback element without two domains");
	return false;
}

/* The element's opening tag, from us to them, but for its '>'. */
static struct buf *open_tag(struct peer *p, const char *name, struct str from, struct str to)
{
	struct buf *out = peer_output(p);

	buf_printf(out, "<db:%s", name);
	escape_put_attribute(out, "from", from);
	escape_put_attribute(out, "to", to);
	return out;
}

static void put_error(struct buf *out, const char *name, enum stanza_error condition)
{
	buf_put_lit(out, " type='error'>");
	stanza_error_write(out, condition, STR_NONE);
	buf_printf(out, "</db:%s>", name);
}

/* ---- db:result: somebody says who he is ------------------------------------------------ */

static void answer_result(struct peer *p, struct str local, struct str remote, unsigned condition)
{
	struct buf *out = open_tag(p, "result", local, remote);

	if (condition == 0)
		buf_put_lit(out, " type='invalid'/>");
	else
		put_error(out, "result", condition);
}

void dialback_accepted(struct peer *p, const struct proof *proof)
{
	buf_put_lit(open_tag(p, "result", str_of(proof->local), str_of(proof->remote)), " type='valid'/>");
}

/* A stream that has proved nothing goes after its first lie. */
void dialback_refused(struct peer *p, const struct proof *proof, unsigned condition)
{
	if (p->state == PEER_CLOSING)
		return;
	answer_result(p, str_of(proof->local), str_of(proof->remote), condition);
	if (condition == 0)
		peer_fail(p, STREAM_NOT_AUTHORIZED, "its own server does not know the key");
}

/* 0, or why the pair cannot be proved here. */
static unsigned may_prove(const struct peer *p, const struct named *n)
{
	const struct policy *policy = policy_of(p->carrying.srv, n->to);

	if (policy == NULL)
		return STANZA_ITEM_NOT_FOUND;
	if (policy_of(p->carrying.srv, n->from) != NULL)
		return STANZA_NOT_ALLOWED;
	if (policy->kind == POLICY_SECURE && !stream_is_secure(p->stream))
		return STANZA_POLICY_VIOLATION;
	return 0;
}

/* With a certificate for just that domain there is nobody to ask (attacks.md, S18). */
static bool certified_for(const struct peer *p, struct str domain)
{
	char ascii[DNS_NAME_SIZE], why[160];

	return stream_is_secure(p->stream) && jid_domain_ascii(domain, ascii, sizeof ascii) == 0 &&
	       stream_check_certificate(p->stream, str_of(ascii), why, sizeof why) == 0;
}

static void begin_proof(struct peer *p, const struct named *n, struct str key)
{
	struct proof *proof = proof_find(p, n->to, n->from);

	if (proof != NULL && proof->state == PROOF_DONE)
		dialback_accepted(p, proof);
	if (proof != NULL)
		return;
	proof = proof_begin(p, n->to, n->from, PROOF_DIALBACK);
	if (proof == NULL) {
		answer_result(p, n->to, n->from, STANZA_RESOURCE_CONSTRAINT);
		return;
	}
	proof->certified = certified_for(p, n->from);
	if (proof->certified)
		proof_hold(proof);
	else if (!verify_start(proof, key))
		proof_refuse(proof, STANZA_RESOURCE_CONSTRAINT, "too many domains are being asked");
}

static void asked_result(struct peer *p, const struct element *e, const struct named *n)
{
	unsigned error = may_prove(p, n);

	if (error == 0) {
		begin_proof(p, n, e->text);
		return;
	}
	log_event(peer_is_news(p) ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "proof-refused",
		"conn=%s from=%s port=%u local=%s remote=%s method=dialback reason=%s", peer_name(p),
		peer_ip(p), peer_port(p), LOG_STR(n->to), LOG_STR(n->from), stanza_error_name(error));
	answer_result(p, n->to, n->from, error);
}

void dialback_start(struct peer *p)
{
	char key[DIALBACK_KEY_SIZE];
	struct buf *out = open_tag(p, "result", str_of(p->local), str_of(p->remote));

	dialback_key(p->carrying.srv->secret, str_of(p->remote), str_of(p->local), str_of(p->stream_id), key);
	buf_printf(out, ">%s</db:result>", key);
	p->state = OUT_DIALBACK;
	outgoing_step(p, "says who we are by dialback");
}

/* It may answer otherwise when it is asked again. */
static bool passes(struct str condition)
{
	static const char *const names[] = {"internal-server-error", "resource-constraint", "remote-server-timeout",
		"remote-connection-failed"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_is(condition, names[i]))
			return true;
	return false;
}

/* The condition in an answer of type error: what our senders get for it. */
static unsigned error_of(const struct element *e, char *text, size_t size)
{
	const struct tree_node *error, *condition;
	struct tree *tree = NULL;
	unsigned result = STANZA_REMOTE_SERVER_NOT_FOUND;

	snprintf(text, size, "%s", "an error");
	if (tree_parse(e->stanza.inner, NS_SERVER, &tree) != 0)
		return result;
	error = tree_first(tree);
	condition = error != NULL ? error->children : NULL;
	if (error != NULL && str_is(tree_attr(error, "type"), "wait"))
		result = STANZA_REMOTE_SERVER_TIMEOUT;
	if (condition != NULL && passes(condition->name))
		result = STANZA_REMOTE_SERVER_TIMEOUT;
	if (condition != NULL)
		snprintf(text, size, "%.*s", STR_FMT(condition->name));
	tree_free(&tree);
	return result;
}

static void answered_result(struct peer *p, const struct element *e, const struct named *n, struct str type)
{
	char condition[64], why[160];
	unsigned error;

	/* Nobody answers what was not asked (attacks.md, S17). */
	if (p->state != OUT_DIALBACK || !str_is(n->from, p->remote) || !str_is(n->to, p->local)) {
		peer_fail(p, STREAM_NOT_AUTHORIZED, "an answer to no question of ours");
		return;
	}
	if (str_is(type, "valid")) {
		sm_begin(p);
	} else if (str_is(type, "invalid")) {
		outgoing_refused(p, STANZA_REMOTE_SERVER_NOT_FOUND, "the remote did not accept our dialback key: does the "
			"DNS name this server for our domain?");
	} else {
		error = error_of(e, condition, sizeof condition);
		snprintf(why, sizeof why, "the remote answered our dialback with %s", condition);
		outgoing_refused(p, error, why);
	}
}

void dialback_result(struct peer *p, const struct element *e)
{
	struct str type = element_attribute(e, "type");
	struct named n;

	if (!read_names(p, e, &n))
		return;
	if (type.p != NULL)
		answered_result(p, e, &n, type);
	else if (!p->ours)
		asked_result(p, e, &n);
	else
		answer_result(p, n.to, n.from, STANZA_NOT_ALLOWED); /* this stream goes the other way */
}

/* ---- db:verify: somebody asks about a key that we have given --------------------------- */

static void asked_verify(struct peer *p, const struct element *e, const struct named *n)
{
	const struct s2sd *srv = p->carrying.srv;
	bool valid = srv->secret_known && n->id.p != NULL &&
		     (is_key(srv->secret, e->text, n->from, n->to, n->id) ||
			     is_key(srv->former_secret, e->text, n->from, n->to, n->id));
	struct buf *out = open_tag(p, "verify", n->to, n->from);

	escape_put_attribute(out, "id", n->id);
	if (policy_of(srv, n->to) == NULL)
		put_error(out, "verify", STANZA_ITEM_NOT_FOUND);
	else
		buf_printf(out, " type='%s'/>", valid ? "valid" : "invalid");
	log_event(peer_is_news(p) ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "key-verified",
		"conn=%s from=%s port=%u local=%s remote=%s result=%s", peer_name(p), peer_ip(p), peer_port(p),
		LOG_STR(n->to), LOG_STR(n->from), valid ? "valid" : "invalid");
}

void dialback_verify(struct peer *p, const struct element *e)
{
	struct str type = element_attribute(e, "type");
	char condition[64];
	struct named n;
	unsigned error;

	if (!read_names(p, e, &n))
		return;
	if (type.p == NULL) {
		asked_verify(p, e, &n);
		return;
	}
	if (!verify_asked(p, n.to, n.from, n.id)) {
		peer_fail(p, STREAM_NOT_AUTHORIZED, "an answer to no question of ours");
		return;
	}
	if (str_is(type, "valid"))
		verify_answered(p, true, 0, "");
	else if (str_is(type, "invalid"))
		verify_answered(p, false, 0, "its own server does not know the key");
	else {
		error = error_of(e, condition, sizeof condition);
		verify_answered(p, false, error, condition);
	}
}
