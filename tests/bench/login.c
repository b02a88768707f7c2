/* The steps of a login as a table: what ends each one, and what is said then. */
#include "tests/bench/login.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "tests/bench/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum step {
	PLAIN_FEATURES,
	PROCEED,
	MECHANISMS,
	CHALLENGE,
	SUCCESS,
	BIND_FEATURES,
	BOUND,
	SESSION,
};

struct login {
	enum step step;
	struct scram *scram;
	bool verified, wants_session;
	char user[64];
};

static void open_stream(struct conn *c, enum step next)
{
	c->login->step = next;
	buf_printf(conn_out(c),
		"<?xml version='1.0'?><stream:stream to='%s' version='1.0' xml:lang='en' "
		"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
		conn_target(c->load, c->number)->domain);
}

void login_start(struct conn *c)
{
	c->login = bh_alloc(sizeof(*c->login));
	snprintf(c->login->user, sizeof(c->login->user), "%s%u", c->load->o->user,
		c->load->o->first + c->account);
	open_stream(c, PLAIN_FEATURES);
}

void login_free(struct login **login)
{
	if (*login != NULL)
		scram_free(&(*login)->scram);
	free(*login);
	*login = NULL;
}

void login_secured(struct conn *c)
{
	open_stream(c, MECHANISMS);
}

static bool contains(struct str s, const char *what)
{
	return memmem(s.p, s.len, what, strlen(what)) != NULL;
}

/* The text between the first '>' after the tag's name and the next '<'. */
static struct str text_of(struct str s, const char *tag)
{
	const char *end = s.p + s.len;
	const char *at = memmem(s.p, s.len, tag, strlen(tag));
	const char *close = at != NULL ? memchr(at, '>', (size_t)(end - at)) : NULL;
	const char *stop = close != NULL ? memchr(close, '<', (size_t)(end - close)) : NULL;

	return stop != NULL ? str_make(close + 1, (size_t)(stop - close - 1)) : STR_NONE;
}

static int on_plain_features(struct conn *c, struct str s)
{
	if (!contains(s, "urn:ietf:params:xml:ns:xmpp-tls"))
		return BH_EPROTO;
	c->login->step = PROCEED;
	buf_put_lit(conn_out(c), "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	return 0;
}

static int on_proceed(struct conn *c, struct str s)
{
	if (!contains(s, "<proceed"))
		return BH_EPROTO;
	conn_start_tls(c);
	return 0;
}

static const char *choose_mechanism(const struct options *o, struct str s)
{
	static const char *const known[] = {"SCRAM-SHA-256", "SCRAM-SHA-1"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		char offered[64];

		snprintf(offered, sizeof(offered), ">%s<", known[i]);
		if (contains(s, offered) &&
			(o->mechanism == NULL || strcmp(o->mechanism, known[i]) == 0))
			return known[i];
	}
	return NULL;
}

static int on_mechanisms(struct conn *c, struct str s)
{
	struct buf *out = conn_out(c);
	const char *mechanism = choose_mechanism(c->load->o, s);

	if (mechanism == NULL)
		return BH_EPROTO;
	c->login->scram = scram_new(mechanism, c->login->user);
	c->login->step = CHALLENGE;
	buf_printf(out, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='%s'>",
		mechanism);
	scram_first(c->login->scram, out);
	buf_put_lit(out, "</auth>");
	return 0;
}

static int on_challenge(struct conn *c, struct str s)
{
	struct load *load = c->load;
	struct scram_keys *keys = &load->keys[c->account];
	struct buf *out = conn_out(c);
	int rc;

	if (keys->hash_len == 0)
		*keys = load->latest; /* many accounts may share one salt */
	buf_put_lit(out, "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>");
	rc = scram_final(c->login->scram, load->o->password, text_of(s, "<challenge"), keys, out);
	buf_put_lit(out, "</response>");
	load->latest = *keys;
	c->login->step = SUCCESS;
	return rc;
}

/* The signature comes with the success, or in a challenge of its own before it. */
static int on_success(struct conn *c, struct str s)
{
	bool final = contains(s, "<success");
	struct str data = text_of(s, final ? "<success" : "<challenge");

	if (!c->login->verified) {
		if (scram_verify(c->login->scram, data) < 0)
			return BH_EDENIED;
		c->login->verified = true;
	}
	if (final)
		open_stream(c, BIND_FEATURES);
	else
		buf_put_lit(conn_out(c), "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
	return 0;
}

static int on_bind_features(struct conn *c, struct str s)
{
	if (!contains(s, "urn:ietf:params:xml:ns:xmpp-bind"))
		return BH_EPROTO;
	c->login->wants_session = contains(s, "urn:ietf:params:xml:ns:xmpp-session") &&
		!contains(s, "<optional/></session>");
	c->login->step = BOUND;
	buf_printf(conn_out(c),
		"<iq type='set' id='bind-1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
		"<resource>r%u</resource></bind></iq>",
		c->number);
	return 0;
}

static int finish(struct conn *c)
{
	if (!c->load->mode->silent)
		buf_put_lit(conn_out(c), "<presence/>");
	login_free(&c->login);
	buf_fini(&c->in);
	c->load->inflight--;
	c->load->bound++;
	c->load->mode->bound(c);
	return 0;
}

static int on_bound(struct conn *c, struct str s)
{
	struct str jid = text_of(s, "<jid");

	if (jid.p == NULL)
		return BH_EPROTO;
	c->jid = bh_strndup(jid.p, jid.len);
	if (!c->login->wants_session)
		return finish(c);
	c->login->step = SESSION;
	buf_put_lit(conn_out(c), "<iq type='set' id='session-1'>"
				 "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>");
	return 0;
}

static int on_session(struct conn *c, struct str s)
{
	return contains(s, "result") ? finish(c) : BH_EPROTO;
}

/* A step ends with the first '>' after one of these texts. */
static const struct {
	const char *name;
	const char *ends[3];
	int (*done)(struct conn *c, struct str s);
} steps[] = {
	[PLAIN_FEATURES] = {"the first features", {"</stream:features"}, on_plain_features},
	[PROCEED] = {"STARTTLS", {"<proceed", "<failure"}, on_proceed},
	[MECHANISMS] = {"the mechanisms", {"</stream:features"}, on_mechanisms},
	[CHALLENGE] = {"the SCRAM challenge", {"</challenge", "</failure"}, on_challenge},
	[SUCCESS] = {"the SCRAM result", {"</success", "</challenge", "</failure"}, on_success},
	[BIND_FEATURES] = {"the features to bind", {"</stream:features"}, on_bind_features},
	[BOUND] = {"the bind result", {"</iq"}, on_bound},
	[SESSION] = {"the session result", {"session-1"}, on_session},
};

void login_failed(struct conn *c, const char *why)
{
	c->load->inflight--;
	if (c->load->failed++ < 3)
		fprintf(stderr, "xmppload: %s, waiting for %s: %s\n", c->login->user,
			steps[c->login->step].name, why);
}

/* Length of what ends the step, or 0 when it is not all there. */
static size_t step_end(enum step step, const char *data, size_t len)
{
	static const char error[] = "</stream:error>";
	const char *end;

	for (size_t i = 0; i < 3 && steps[step].ends[i] != NULL; i++) {
		const char *mark = steps[step].ends[i];
		const char *at = memmem(data, len, mark, strlen(mark));

		end = at != NULL ? memchr(at, '>', len - (size_t)(at - data)) : NULL;
		if (end != NULL)
			return (size_t)(end - data) + 1;
	}
	/* jabberd2 ends SCRAM with an empty element. */
	if (step == SUCCESS && (end = memmem(data, len, "<success", 8)) != NULL &&
		(end = memmem(end, len - (size_t)(end - data), "/>", 2)) != NULL)
		return (size_t)(end - data) + 2;
	end = memmem(data, len, error, sizeof(error) - 1);
	return end != NULL ? len : 0;
}

size_t login_data(struct conn *c, const char *data, size_t len)
{
	enum step step = c->login->step;
	size_t n = step_end(step, data, len);

	if (n == 0)
		return 0;
	if (steps[step].done(c, str_make(data, n)) < 0) {
		char why[512];

		snprintf(why, sizeof(why), "it said %.*s", (int)n, data);
		conn_kill(c, why);
		return len;
	}
	if (c->login == NULL && !c->dead && n < len)
		n += c->load->mode->data(c, data + n, len - n);
	return n;
}
