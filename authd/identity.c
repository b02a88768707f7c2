/* Which account the names mean, and whether its password may be guessed at. */
#include "authd/identity.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "daemon/log.h"
#include "xmpp/jid.h"

static bool fail(struct exchange *x, enum sasl_error condition, const char *reason)
{
	exchange_fail(x, condition, reason);
	return false;
}

/* Puts local@domain into x->account. */
static int name_account(struct exchange *x, struct str authcid)
{
	char local[JID_PART_MAX + 1], bare[2 * JID_PART_MAX + 2];
	size_t len;
	int n;

	if (jid_prepare_local(authcid, local, &len) < 0 || len == 0)
		return BH_EINVAL;
	n = snprintf(bare, sizeof(bare), "%.*s@%s", (int)len, local, x->domain);
	if (n < 0 || (size_t)n >= sizeof(bare))
		return BH_EINVAL;
	x->account = bh_strdup(bare);
	return 0;
}

static bool authzid_fits(const struct exchange *x, struct str authzid)
{
	char text[JID_MAX + 1];
	struct jid jid;

	if (authzid.len == 0)
		return true;
	return jid_prepare(authzid, text, &jid) == 0 && str_is(jid.full, x->account);
}

static bool has_nul(struct str s)
{
	return s.len > 0 && memchr(s.p, '\0', s.len) != NULL;
}

static bool look_up(struct exchange *x)
{
	struct account_keys pretence;
	int rc;

	/* Computed for everybody, so that it takes everybody the same time. */
	accounts_pretend(x->env->accounts, str_of(x->account), &pretence);
	rc = accounts_find(x->env->accounts, str_of(x->account), &x->record);
	if (rc < 0 && rc != BH_ENOTFOUND)
		return fail(x, SASL_TEMPORARY_AUTH_FAILURE, "store-unreadable");
	x->known = rc == 0;
	x->lack = account_keys_lack(&x->record.keys);
	for (unsigned hash = 0; hash < SCRAM_HASHES; hash++)
		if (x->lack & 1u << hash)
			x->record.keys.of[hash] = pretence.of[hash];
	/* Not offered, unless nothing else could be (policy_set_lack()). */
	if (x->mechanism->needs_keys && x->lack & 1u << x->mechanism->hash)
		x->known = false;
	return true;
}

bool identity_take(struct exchange *x, struct str authcid, struct str authzid)
{
	if (has_nul(authcid) || has_nul(authzid) || authcid.len == 0)
		return fail(x, SASL_MALFORMED_REQUEST, "malformed");
	if (name_account(x, authcid) < 0)
		return fail(x, SASL_NOT_AUTHORIZED, "bad-name");
	if (!authzid_fits(x, authzid))
		return fail(x, SASL_INVALID_AUTHZID, "other-authzid");
	return x->directory != NULL || look_up(x);
}

enum outcome identity_exists(struct exchange *x)
{
	if (!x->known)
		return exchange_fail(x, SASL_NOT_AUTHORIZED, "unknown-account");
	return x->record.disabled ? exchange_fail(x, SASL_ACCOUNT_DISABLED, "disabled") : OUTCOME_SUCCESS;
}

/* ---- of a directory ---------------------------------------------------------------------- */

static bool take_answer(struct exchange *x, const struct dirjob_result *r)
{
	if (r->rc != 0) {
		log_warn("directory-failed", "conn=%s from=%s directory=%s reason=%s", LOG_TEXT(x->connection),
			LOG_TEXT(x->address), LOG_TEXT(x->directory), LOG_TEXT(r->why));
		return fail(x, SASL_TEMPORARY_AUTH_FAILURE, "directory-failed");
	}
	x->known = r->found;
	x->record.disabled = r->locked;
	return true;
}

/* What its owner should hear of, and cannot: a success has no room for it. */
static void log_warnings(const struct exchange *x, const struct dirpassword *p)
{
	if (p->grace_left >= 0)
		log_info("password-expired", "conn=%s from=%s account=%s grace_left=%d", LOG_TEXT(x->connection),
			LOG_TEXT(x->address), LOG_TEXT(x->account), p->grace_left);
	if (p->expires_s >= 0)
		log_info("password-expires", "conn=%s from=%s account=%s seconds=%d", LOG_TEXT(x->connection),
			LOG_TEXT(x->address), LOG_TEXT(x->account), p->expires_s);
}

enum outcome identity_verified(struct exchange *x, const struct dirjob_result *r)
{
	if (!take_answer(x, r))
		return OUTCOME_FAILURE;
	switch (r->password.verdict) {
	case PASSWORD_GOOD:
		log_warnings(x, &r->password);
		return identity_proved(x);
	case PASSWORD_EXPIRED:
		return exchange_fail(x, SASL_CREDENTIALS_EXPIRED, "password-expired");
	case PASSWORD_MUST_CHANGE:
		return exchange_fail(x, SASL_CREDENTIALS_EXPIRED, "password-must-change");
	case ACCOUNT_LOCKED:
		return exchange_fail(x, SASL_ACCOUNT_DISABLED, "locked");
	default:
		return identity_wrong(x);
	}
}

enum outcome identity_answered(struct exchange *x, const struct dirjob_result *r)
{
	return take_answer(x, r) ? identity_exists(x) : OUTCOME_FAILURE;
}

bool identity_keys(struct exchange *x, const struct dirjob_result *r, enum scram_hash hash)
{
	if (!take_answer(x, r))
		return false;
	accounts_pretend(x->env->accounts, str_of(x->account), &x->record.keys);
	directories_pretend(*x->env->directories, x->directory, &x->record.keys);
	x->known = r->found && (r->hashes & 1u << hash) != 0;
	x->must_change = r->must_change;
	if (x->known)
		x->record.keys = r->keys;
	return true;
}

static enum outcome ask(struct exchange *x, const struct dirjob_order *order)
{
	int rc = BH_ENOTFOUND;

	/* What is decided from now on is at least as new as this (custody.md, 18). */
	x->record.generation = clock_wall_us();
	if (x->env->directories != NULL)
		rc = directories_ask(*x->env->directories, x->directory, order, &x->question);
	return rc == 0 ? OUTCOME_WAIT : exchange_fail(x, SASL_TEMPORARY_AUTH_FAILURE, "overloaded");
}

enum outcome identity_ask(struct exchange *x, enum dirjob_kind kind, struct str password, dirjob_done_fn *done)
{
	const char *at = strchr(x->account, '@');
	struct dirjob_order order = {.kind = kind, .password = password, .done = done, .arg = x};

	order.name = str_make(x->account, (size_t)(at - x->account));
	return ask(x, &order);
}

enum outcome identity_ask_certificate(struct exchange *x, struct str name, dirjob_done_fn *done)
{
	return ask(x, &(struct dirjob_order){.kind = DIRJOB_CERTIFICATE, .name = name, .done = done, .arg = x});
}

static struct throttle_who who_is(const struct exchange *x)
{
	return (struct throttle_who){str_of(x->account), str_of(x->address)};
}

bool identity_known_there(const struct exchange *x)
{
	struct throttle_who who = who_is(x);

	return throttle_knows(x->env->throttle, &who, clock_ms());
}

bool identity_may_guess(struct exchange *x)
{
	struct throttle_who who = who_is(x);

	if (throttle_allows(x->env->throttle, &who, clock_ms()))
		return true;
	x->delay_ms = THROTTLE_DELAY_MAX; /* else who is refused at once would ask all the faster */
	return fail(x, SASL_TEMPORARY_AUTH_FAILURE, "throttled");
}

bool identity_charge(struct exchange *x)
{
	struct throttle_who who = who_is(x);

	if (!identity_may_guess(x))
		return false;
	x->delay_ms = throttle_charge(x->env->throttle, &who, clock_ms());
	return true;
}

enum outcome identity_wrong(struct exchange *x)
{
	const char *reason = x->mechanism->plus ? "wrong-password-or-binding" : "wrong-password";

	return exchange_fail(x, SASL_NOT_AUTHORIZED, x->known ? reason : "unknown-account");
}

enum outcome identity_proved(struct exchange *x)
{
	struct throttle_who who = who_is(x);

	if (!x->known)
		return identity_wrong(x);
	throttle_refund(x->env->throttle, &who, clock_ms());
	x->delay_ms = 0;
	if (x->record.disabled)
		return exchange_fail(x, SASL_ACCOUNT_DISABLED, "disabled");
	if (x->must_change)
		return exchange_fail(x, SASL_CREDENTIALS_EXPIRED, "password-must-change");
	return OUTCOME_SUCCESS;
}
