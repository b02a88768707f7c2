/* PLAIN: the password is checked against the SCRAM-SHA-256 keys, or by the directory. */
#include "authd/plain.h"

#include <stdlib.h>
#include <string.h>

#include "authd/exchange.h"
#include "authd/identity.h"
#include "authd/refusals.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/secret.h"

/* What the thread found out. */
struct plain {
	int rc;
	bool match;
	/* Where a directory is asked: */
	struct dirjob_result directory;
	char *password; /* that it is asked about */
};

/* Takes what stands before the next NUL; false where there is none. */
static bool take_field(struct str *rest, struct str *field)
{
	const char *nul = rest->len > 0 ? memchr(rest->p, '\0', rest->len) : NULL;

	if (nul == NULL)
		return false;
	*field = str_make(rest->p, (size_t)(nul - rest->p));
	*rest = str_make(nul + 1, rest->len - field->len - 1);
	return true;
}

bool plain_parse(struct str in, struct plain_message *out)
{
	*out = (struct plain_message){0};
	if (!take_field(&in, &out->authzid) || !take_field(&in, &out->authcid))
		return false;
	out->password = in;
	return in.len > 0 && in.len <= PLAIN_PASSWORD_MAX && memchr(in.p, '\0', in.len) == NULL;
}

static void on_derived(void *arg, int rc, const struct account_keys *keys)
{
	struct exchange *x = arg;
	struct plain *plain = x->state;

	x->job = NULL;
	plain->rc = rc;
	plain->match = rc == 0 && secret_equal(keys->of[SCRAM_SHA256].stored,
		x->record.keys.of[SCRAM_SHA256].stored, SCRAM_KEY_MAX);
	exchange_wake(x);
}

static enum outcome derive_password(struct exchange *x, struct str password)
{
	struct derive_order order = {
		.class = identity_known_there(x) ? DERIVE_KNOWN : DERIVE_LOGIN,
		.password = password,
		.hashes = 1u << SCRAM_SHA256,
		.from = &x->record.keys,
		.done = on_derived,
		.arg = x,
	};

	x->state = bh_alloc(sizeof(struct plain));
	if (derive_submit(x->env->derive, &order, &x->job) < 0) {
		x->delay_ms = THROTTLE_DELAY_MAX; /* as for those who are throttled */
		return exchange_fail(x, SASL_TEMPORARY_AUTH_FAILURE, "overloaded");
	}
	return identity_charge(x) ? OUTCOME_WAIT : OUTCOME_FAILURE;
}

static void on_answered(void *arg, const struct dirjob_result *result)
{
	struct exchange *x = arg;

	struct plain *plain = x->state;

	x->question = NULL;
	plain->directory = *result;
	if (result->rc == 0 && result->found && result->password.verdict == PASSWORD_WRONG)
		refusals_note(x->env->refusals, str_of(x->account), str_of(plain->password), clock_ms());
	exchange_wake(x);
}

static enum outcome ask_directory(struct exchange *x, struct str password)
{
	struct plain *plain = bh_alloc(sizeof(struct plain));

	x->state = plain;
	if (!identity_charge(x))
		return OUTCOME_FAILURE;
	if (x->env->refusals != NULL && refusals_have(x->env->refusals, str_of(x->account), password, clock_ms())) {
		x->known = true;
		return identity_wrong(x);
	}
	plain->password = bh_strndup(password.p, password.len);
	return identity_ask(x, DIRJOB_VERIFY, password, on_answered);
}

static enum outcome plain_step(struct exchange *x, struct str in)
{
	struct plain_message m;

	if (x->state != NULL || !plain_parse(in, &m))
		return exchange_fail(x, SASL_MALFORMED_REQUEST, "malformed");
	if (!identity_take(x, m.authcid, m.authzid) || !identity_may_guess(x))
		return OUTCOME_FAILURE;
	return x->directory != NULL ? ask_directory(x, m.password) : derive_password(x, m.password);
}

static enum outcome plain_resume(struct exchange *x)
{
	const struct plain *plain = x->state;

	if (x->directory != NULL)
		return identity_verified(x, &plain->directory);
	if (plain->rc < 0 && plain->rc != BH_EINVAL)
		return exchange_fail(x, SASL_TEMPORARY_AUTH_FAILURE, "derivation-failed");
	return plain->match ? identity_proved(x) : identity_wrong(x);
}

static void plain_end(struct exchange *x)
{
	struct plain *plain = x->state;

	if (plain->password != NULL)
		secret_wipe(plain->password, strlen(plain->password));
	free(plain->password);
	free(plain);
}

const struct mechanism mechanism_plain = {
	.name = "PLAIN",
	.needs_tls = true,
	.step = plain_step,
	.resume = plain_resume,
	.end = plain_end,
};
