/* PLAIN: the password is checked against the best SCRAM keys that there are, or by the directory. */
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
	struct dirjob_result directory; /* where one is asked */
	char *password; /* that it is asked about; or of which keys are lacking */
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

static enum scram_hash best_hash(const struct exchange *x)
{
	return x->known && x->lack & 1u << SCRAM_SHA256 ? SCRAM_SHA1 : SCRAM_SHA256;
}

/* Where some accounts of the domain have the keys of one hash only, all that they could have are derived for everybody:
 * else the time would tell who has which, and who is not there. */
static unsigned hashes_for(const struct exchange *x)
{
	const struct policy_domain *d = policy_domain(x->env->policy, str_of(x->domain));

	return d != NULL && d->lack != 0 ? 1u << SCRAM_SHA1 | 1u << SCRAM_SHA256 : 1u << SCRAM_SHA256;
}

static void on_derived(void *arg, int rc, const struct account_keys *keys)
{
	struct exchange *x = arg;
	struct plain *plain = x->state;
	enum scram_hash hash = best_hash(x);

	x->job = NULL;
	plain->rc = rc;
	plain->match = rc == 0 && secret_equal(keys->of[hash].stored, x->record.keys.of[hash].stored, scram_key_size(hash));
	exchange_wake(x);
}

static enum outcome derive_password(struct exchange *x, struct str password)
{
	struct plain *plain = bh_alloc(sizeof(*plain));
	struct derive_order order = {
		.class = identity_known_there(x) ? DERIVE_KNOWN : DERIVE_LOGIN,
		.password = password,
		.hashes = hashes_for(x) | 1u << best_hash(x),
		.from = &x->record.keys,
		.done = on_derived,
		.arg = x,
	};

	x->state = plain;
	if (x->known && x->lack != 0)
		plain->password = bh_strndup(password.p, password.len);
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

static void ignore(void *arg, int rc)
{
	(void)arg, (void)rc;
}

/* We have the password in front of us: the keys that could not be made without it are made now. */
static enum outcome proved(struct exchange *x, const struct plain *plain)
{
	enum outcome outcome = identity_proved(x);
	struct account_order order = {
		.how = ACCOUNT_STRENGTHEN,
		.account = str_of(x->account),
		.password = str_of(plain->password),
		.generation = x->record.generation,
		.done = ignore,
	};

	if (outcome == OUTCOME_SUCCESS && plain->password != NULL)
		(void)accounts_change(x->env->accounts, &order);
	return outcome;
}

static enum outcome plain_resume(struct exchange *x)
{
	const struct plain *plain = x->state;

	if (x->directory != NULL)
		return identity_verified(x, &plain->directory);
	if (plain->rc < 0 && plain->rc != BH_EINVAL)
		return exchange_fail(x, SASL_TEMPORARY_AUTH_FAILURE, "derivation-failed");
	return plain->match ? proved(x, plain) : identity_wrong(x);
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
