/* SCRAM: reads the name from the client's first message, presets the account's keys, and lets
 * gsasl do the rest without callbacks. */
#include "authd/scram.h"

#include <gsasl.h>
#include <stdlib.h>

#include "authd/exchange.h"
#include "authd/identity.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "base/secret.h"

struct Gsasl *scram_open(void)
{
	Gsasl *gsasl = NULL;

	return gsasl_init(&gsasl) == GSASL_OK ? gsasl : NULL;
}

void scram_close(struct Gsasl **ref)
{
	Gsasl *gsasl = *ref;

	*ref = NULL;
	if (gsasl != NULL)
		gsasl_done(gsasl);
}

/* ---- the client's first message ------------------------------------------------------- */

static bool take_byte(struct str *in, char c)
{
	if (in->len == 0 || *in->p != c)
		return false;
	in->p++;
	in->len--;
	return true;
}

/* Up to the next comma, which is taken too. */
static bool take_until_comma(struct str *in, struct str *out)
{
	const char *comma = in->len > 0 ? memchr(in->p, ',', in->len) : NULL;

	if (comma == NULL)
		return false;
	*out = str_make(in->p, (size_t)(comma - in->p));
	*in = str_make(comma + 1, in->len - out->len - 1);
	return true;
}

/* saslname: "=2C" is a comma, "=3D" an equals sign, and no other "=" may stand there. */
static bool unescape(struct str name, char *out, size_t size)
{
	size_t n = 0;

	for (uint32_t i = 0; i < name.len; i++) {
		char c = name.p[i];

		if (c == '=') {
			bool comma = name.len - i >= 3 && memcmp(name.p + i, "=2C", 3) == 0;
			bool equals = name.len - i >= 3 && memcmp(name.p + i, "=3D", 3) == 0;

			if (!comma && !equals)
				return false;
			c = comma ? ',' : '=';
			i += 2;
		}
		if (n + 1 >= size)
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return n > 0;
}

static bool take_binding(struct str *in, struct client_first *out)
{
	struct str flag;

	if (!take_until_comma(in, &flag) || flag.len == 0)
		return false;
	out->flag = flag.p[0];
	if (out->flag == 'n' || out->flag == 'y')
		return flag.len == 1;
	if (flag.len < 3 || memcmp(flag.p, "p=", 2) != 0)
		return false;
	out->binding = str_make(flag.p + 2, flag.len - 2);
	return true;
}

bool client_first_parse(struct str in, struct client_first *out)
{
	struct str field;

	*out = (struct client_first){0};
	if (in.len == 0 || memchr(in.p, '\0', in.len) != NULL || !take_binding(&in, out) ||
		!take_until_comma(&in, &field))
		return false;
	if (field.len > 0) {
		if (!take_byte(&field, 'a') || !take_byte(&field, '=') ||
			!unescape(field, out->authzid, sizeof(out->authzid)))
			return false;
	}
	return take_byte(&in, 'n') && take_byte(&in, '=') && take_until_comma(&in, &field) &&
		unescape(field, out->authcid, sizeof(out->authcid)) && in.len > 2 &&
		take_byte(&in, 'r') && take_byte(&in, '=');
}

/* ---- the exchange --------------------------------------------------------------------- */

struct scram {
	Gsasl_session *session; /* NULL until the keys are there */
	char *authcid;		/* as the client wrote it */
	struct buf first;	/* its first message, while a directory is asked for the keys */
	struct dirjob_result answer;
};

static int set_base64(Gsasl_session *s, Gsasl_property property, const void *p, size_t len)
{
	struct buf text = BUF_INIT;
	int rc;

	base64_encode(str_make(p, len), &text);
	buf_put_byte(&text, '\0');
	rc = buf_failed(&text) ? GSASL_MALLOC_ERROR :
		gsasl_property_set(s, property, (const char *)text.data);
	buf_fini_secret(&text);
	return rc;
}

/* Everything that gsasl would ask for, before it can ask. */
static int preset(struct exchange *x, Gsasl_session *s)
{
	const struct scram_keys *k = &x->record.keys.of[x->mechanism->hash];
	size_t size = scram_key_size(x->mechanism->hash);
	char iterations[16];
	int rc;

	snprintf(iterations, sizeof(iterations), "%u", k->iterations);
	rc = gsasl_property_set(s, GSASL_SCRAM_ITER, iterations);
	if (rc == GSASL_OK)
		rc = set_base64(s, GSASL_SCRAM_SALT, k->salt, k->salt_len);
	if (rc == GSASL_OK)
		rc = set_base64(s, GSASL_SCRAM_STOREDKEY, k->stored, size);
	if (rc == GSASL_OK)
		rc = set_base64(s, GSASL_SCRAM_SERVERKEY, k->server, size);
	/* Exactly when -PLUS was offered: then gsasl refuses a client that says we did not. */
	if (rc == GSASL_OK && x->plus_offered)
		rc = set_base64(s, GSASL_CB_TLS_EXPORTER, x->exporter, x->exporter_len);
	return rc;
}

static enum outcome fail_code(struct exchange *x, int rc)
{
	if (rc == GSASL_AUTHENTICATION_ERROR || rc == GSASL_NO_CB_TLS_EXPORTER)
		return exchange_fail(x, SASL_NOT_AUTHORIZED, "channel-binding");
	if (rc == GSASL_MECHANISM_PARSE_ERROR || rc == GSASL_BASE64_ERROR)
		return exchange_fail(x, SASL_MALFORMED_REQUEST, "malformed");
	return exchange_fail(x, SASL_TEMPORARY_AUTH_FAILURE, "internal");
}

/* gsasl accepts p= for the mechanism without -PLUS; RFC 5802 does not. */
static bool check_binding(struct exchange *x, const struct client_first *first)
{
	if (x->mechanism->plus != (first->flag == 'p')) {
		exchange_fail(x, SASL_MALFORMED_REQUEST, "malformed");
		return false;
	}
	if (first->flag == 'p' && !str_is(first->binding, "tls-exporter")) {
		exchange_fail(x, SASL_NOT_AUTHORIZED, "channel-binding-type");
		return false;
	}
	if (first->flag == 'y' && x->plus_offered) {
		exchange_fail(x, SASL_NOT_AUTHORIZED, "channel-binding-downgrade");
		return false;
	}
	return true;
}

static int step_into(struct exchange *x, struct str in)
{
	struct scram *s = x->state;
	char *out = NULL;
	size_t len = 0;
	int rc = gsasl_step(s->session, in.p, in.len, &out, &len);

	buf_clear(&x->out);
	if (rc == GSASL_OK || rc == GSASL_NEEDS_MORE) {
		buf_put(&x->out, out, len);
		x->has_out = len > 0;
		gsasl_free(out);
	}
	return rc;
}

/* The keys are in the record. */
static enum outcome begin(struct exchange *x, struct str in)
{
	struct scram *s = x->state;
	int rc = gsasl_server_start(x->env->gsasl, x->mechanism->name, &s->session);
	const char *name;

	if (rc == GSASL_OK)
		rc = preset(x, s->session);
	if (rc == GSASL_OK)
		rc = step_into(x, in);
	if (rc != GSASL_NEEDS_MORE)
		return fail_code(x, rc);
	/* Two readers of one message must have read the same name. */
	name = gsasl_property_fast(s->session, GSASL_AUTHID);
	if (name == NULL || strcmp(name, s->authcid) != 0)
		return exchange_fail(x, SASL_MALFORMED_REQUEST, "malformed");
	return OUTCOME_CHALLENGE;
}

static void on_answered(void *arg, const struct dirjob_result *result)
{
	struct exchange *x = arg;
	struct scram *s = x->state;

	x->question = NULL;
	s->answer = *result;
	exchange_wake(x);
}

static enum outcome scram_resume(struct exchange *x)
{
	const struct scram *s = x->state;

	return identity_keys(x, &s->answer, x->mechanism->hash) ? begin(x, buf_str(&s->first)) : OUTCOME_FAILURE;
}

static enum outcome first_step(struct exchange *x, struct str in)
{
	struct client_first first;
	struct scram *s;

	if (!client_first_parse(in, &first))
		return exchange_fail(x, SASL_MALFORMED_REQUEST, "malformed");
	if (!check_binding(x, &first) ||
		!identity_take(x, str_of(first.authcid), str_of(first.authzid)) ||
		!identity_may_guess(x))
		return OUTCOME_FAILURE;
	x->state = s = bh_alloc(sizeof(*s));
	s->authcid = bh_strdup(first.authcid);
	if (x->directory == NULL)
		return begin(x, in);
	buf_put_str(&s->first, in);
	return identity_ask(x, DIRJOB_KEYS, STR_NONE, on_answered);
}

static enum outcome last_step(struct exchange *x, struct str in)
{
	int rc;

	if (!identity_charge(x))
		return OUTCOME_FAILURE;
	rc = step_into(x, in);
	if (rc == GSASL_OK)
		return identity_proved(x);
	if (rc == GSASL_AUTHENTICATION_ERROR)
		return identity_wrong(x);
	return fail_code(x, rc);
}

static enum outcome scram_step(struct exchange *x, struct str in)
{
	if (in.len > 0 && memchr(in.p, '\0', in.len) != NULL)
		return exchange_fail(x, SASL_MALFORMED_REQUEST, "malformed");
	return x->state == NULL ? first_step(x, in) : last_step(x, in);
}

static void scram_end(struct exchange *x)
{
	struct scram *s = x->state;

	if (s->session != NULL)
		gsasl_finish(s->session);
	buf_fini(&s->first);
	free(s->authcid);
	secret_wipe(s, sizeof(*s));
	free(s);
}

#define SCRAM .needs_keys = true, .step = scram_step, .resume = scram_resume, .end = scram_end

const struct mechanism mechanism_scram_sha1 = {.name = "SCRAM-SHA-1", .hash = SCRAM_SHA1, SCRAM};
const struct mechanism mechanism_scram_sha1_plus = {
	.name = "SCRAM-SHA-1-PLUS", .hash = SCRAM_SHA1, .plus = true, SCRAM};
const struct mechanism mechanism_scram_sha256 = {.name = "SCRAM-SHA-256", .hash = SCRAM_SHA256, SCRAM};
const struct mechanism mechanism_scram_sha256_plus = {
	.name = "SCRAM-SHA-256-PLUS", .hash = SCRAM_SHA256, .plus = true, SCRAM};
