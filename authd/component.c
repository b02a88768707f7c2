/* COMPONENT: the handshake of XEP-0114.  SHA-1 over the stream's id and the secret, in hexadecimal
 * digits; what comes in is the id, a blank, and the digest. */
#include "authd/secrets.h"

#include "authd/exchange.h"
#include "authd/identity.h"
#include "base/alloc.h"
#include "base/digest.h"
#include "base/secret.h"

enum { DIGITS = 2 * DIGEST_SHA1_SIZE };

static void expected_digits(struct str id, struct str secret, char out[DIGITS + 1])
{
	uint8_t digest[DIGEST_SHA1_SIZE];
	struct buf text = BUF_INIT;

	buf_put_str(&text, id);
	buf_put_str(&text, secret);
	digest_sha1(buf_str(&text), digest);
	for (size_t i = 0; i < sizeof digest; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
	buf_fini_secret(&text);
	secret_wipe(digest, sizeof digest);
}

/* In a time that does not depend on the secret. */
static bool proves(struct str id, struct str digits, struct str secret)
{
	char expected[DIGITS + 1];
	bool right;

	if (digits.len != DIGITS)
		return false;
	expected_digits(id, secret, expected);
	right = secret_equal(expected, digits.p, DIGITS);
	secret_wipe(expected, sizeof expected);
	return right;
}

static enum outcome component_step(struct exchange *x, struct str in)
{
	struct str secret = secrets_find(&x->env->policy->secrets, str_of(x->domain));
	const char *blank = in.len > 0 ? memchr(in.p, ' ', in.len) : NULL;
	struct str id, digits;

	if (blank == NULL || blank == in.p)
		return exchange_fail(x, SASL_MALFORMED_REQUEST, "malformed");
	id = str_make(in.p, (size_t)(blank - in.p));
	digits = str_make(blank + 1, in.len - id.len - 1);
	x->account = bh_strdup(x->domain);
	x->known = true;
	if (secret.len == 0)
		return exchange_fail(x, SASL_TEMPORARY_AUTH_FAILURE, "no-secret");
	if (!identity_charge(x))
		return OUTCOME_FAILURE;
	return proves(id, digits, secret) ? identity_proved(x) : identity_wrong(x);
}

const struct mechanism mechanism_component = {
	.name = "COMPONENT",
	.raw = true,
	.step = component_step,
};
