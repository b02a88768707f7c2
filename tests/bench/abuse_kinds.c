/* The kinds of attack: silence, slowness, guesses, churn, and TLS that is never at rest. */
#include "tests/bench/abuse.h"

#include "base/base64.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

static struct abuse *abuse_of(const struct conn *c)
{
	return c->load->state;
}

/* The next byte of what the place never gets to the end of. */
static void drip(struct conn *c, const char *text, size_t len)
{
	struct place *p = abuse_place(c);

	if (p->said < len)
		buf_put(conn_out(c), text + p->said++, 1);
}

static void drip_header(struct conn *c)
{
	static const char header[] = "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client'";

	drip(c, header, sizeof(header) - 1);
}

/* A record of 512 bytes, a ClientHello of 508, TLS 1.2, and nothing but zeros in it. */
static void drip_hello(struct conn *c)
{
	static const char hello[517] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";

	drip(c, hello, sizeof(hello));
}

/* As much of an element as is taken before a log-in, without its end. */
static void put_half_element(struct conn *c)
{
	enum { MUCH = 15000 };
	struct buf *out = conn_out(c);
	uint8_t *at;

	buf_put_lit(out, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>");
	at = buf_room(out, MUCH);
	memset(at, 'A', MUCH);
	buf_commit(out, MUCH);
}

/* ---- guesses ----------------------------------------------------------------------------- */

static void put_auth(struct conn *c, const char *mechanism, const char *text, size_t len)
{
	struct buf *out = conn_out(c);

	buf_printf(out, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='%s'>", mechanism);
	base64_encode(str_make(text, len), out);
	buf_put_lit(out, "</auth>");
	abuse_place(c)->since = clock_ns();
}

/* The accounts have their turns; the places are at different ones. */
static unsigned next_account(const struct conn *c)
{
	const struct options *o = c->load->o;

	return o->first + (unsigned)((abuse_of(c)->attempts + c->number) % o->accounts);
}

static void guess_plain(struct conn *c)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "%c%s%u%cwrong-%u", 0, c->load->o->user, next_account(c), 0, c->number);

	put_auth(c, "PLAIN", text, (size_t)n);
}

static void guess_scram(struct conn *c)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "n,,n=%s%u,r=abcdefghijklmnop", c->load->o->user, next_account(c));

	put_auth(c, "SCRAM-SHA-256", text, (size_t)n);
}

/* A proof of zeros costs the attacker nothing. */
static void put_wrong_proof(struct conn *c, struct str challenge)
{
	struct buf first = BUF_INIT, final = BUF_INIT, *out = conn_out(c);
	const char *comma;

	if (base64_decode(challenge, &first) == 0 && (comma = memchr(first.data, ',', first.len)) != NULL) {
		buf_put_lit(&final, "c=biws,");
		buf_put(&final, first.data, (size_t)(comma - (char *)first.data));
		buf_put_lit(&final, ",p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
	}
	buf_put_lit(out, "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>");
	base64_encode(buf_str(&final), out);
	buf_put_lit(out, "</response>");
	buf_fini(&first);
	buf_fini(&final);
}

static bool has(struct str s, const char *what)
{
	return memmem(s.p, s.len, what, strlen(what)) != NULL;
}

static void count_answer(struct conn *c, struct str s)
{
	struct abuse *a = abuse_of(c);

	a->attempts++;
	hist_add(&a->waits, clock_ns() - abuse_place(c)->since);
	if (has(s, "<success"))
		a->let_in++;
	else if (has(s, "<not-authorized"))
		a->refused++;
	else if (has(s, "<temporary-auth-failure"))
		a->delayed++;
	else
		a->busy++;
}

static size_t judged(struct conn *c, struct str s)
{
	const char *text = memmem(s.p, s.len, "<challenge", 10);
	const char *from = text != NULL ? memchr(text, '>', s.len - (size_t)(text - s.p)) : NULL;
	const char *end = from != NULL ? memmem(from, s.len - (size_t)(from - s.p), "</challenge>", 12) : NULL;

	if (end != NULL) {
		put_wrong_proof(c, str_make(from + 1, (size_t)(end - from - 1)));
		return s.len;
	}
	if (!has(s, "</failure>") && !has(s, "<success"))
		return has(s, "</stream:stream>") ? s.len : 0;
	count_answer(c, s);
	if (!has(s, "<stream:error"))
		abuse_of(c)->kind->begin(c);
	return s.len;
}

/* ---- churn, and TLS ------------------------------------------------------------------------ */

static void leave(struct conn *c)
{
	abuse_of(c)->attempts++;
	conn_kill(c, NULL);
}

/* Asks for new keys as often as goes into a moment, with a byte of data between them. */
static void update_keys(struct conn *c)
{
	enum { MANY = 50 };

	for (int i = 0; i < MANY; i++) {
		SSL_key_update(c->tls, SSL_KEY_UPDATE_REQUESTED);
		SSL_write(c->tls, " ", 1);
	}
	(void)conn_out(c);
	abuse_of(c)->attempts++;
}

static void renegotiate(struct conn *c)
{
	SSL_renegotiate(c->tls);
	SSL_do_handshake(c->tls);
	(void)conn_out(c);
	abuse_of(c)->attempts++;
}

static const struct abuse_kind kinds[] = {
	{.name = "silent", .depth = AT_TCP},
	{.name = "silent_tls", .depth = AT_TLS},
	{.name = "slow_hello", .depth = AT_PROCEED, .tick = drip_hello},
	{.name = "slow_header", .depth = AT_TCP, .tick = drip_header},
	{.name = "half_element", .depth = AT_SECURE_FEATURES, .begin = put_half_element},
	{.name = "half_login", .depth = AT_SECURE_FEATURES, .begin = guess_scram},
	{.name = "guess_plain", .depth = AT_SECURE_FEATURES, .begin = guess_plain, .data = judged},
	{.name = "guess_scram", .depth = AT_SECURE_FEATURES, .begin = guess_scram, .data = judged},
	{.name = "churn", .depth = AT_TCP, .begin = leave},
	{.name = "churn_tls", .depth = AT_TLS, .begin = leave},
	{.name = "key_updates", .depth = AT_SECURE_FEATURES, .tick = update_keys},
	{.name = "renegotiation", .depth = AT_SECURE_FEATURES, .tls12 = true, .tick = renegotiate},
};

const struct abuse_kind *abuse_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}
