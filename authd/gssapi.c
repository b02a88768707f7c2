/* GSSAPI (RFC 4752): gsasl takes the ticket, and then says whose it was. */
#include "authd/gssapi.h"

#include <gsasl.h>
#include <stdlib.h>
#include <strings.h>

#include "authd/identity.h"
#include "base/alloc.h"

struct gssapi {
	Gsasl_session *session;
	struct dirjob_result answer;
};

/* What begins a ticket's token of Kerberos 5 behind the length (RFC 2743, 3.1; RFC 4121, 4.1). */
#define KERBEROS "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00"

/* No other mechanism of GSS-API is wanted: IAKERB, for one, would have us ask a KDC on the client's behalf. */
static bool is_kerberos(struct str token)
{
	const uint8_t *p = (const uint8_t *)token.p;
	size_t at;

	if (token.len < 2 || p[0] != 0x60)
		return false;
	at = p[1] < 0x80 ? 2 : 2 + (p[1] & 0x7f);
	return token.len >= at + sizeof KERBEROS - 1 && memcmp(p + at, KERBEROS, sizeof KERBEROS - 1) == 0;
}

/* gsasl asks whether the ticket's owner may come: that is decided when it is done. */
static int on_property(Gsasl *gsasl, Gsasl_session *session, Gsasl_property property)
{
	(void)gsasl;
	(void)session;
	return property == GSASL_VALIDATE_GSSAPI ? GSASL_OK : GSASL_NO_CALLBACK;
}

static int begin(Gsasl *gsasl, const char *host, Gsasl_session **out)
{
	int rc = gsasl_server_start(gsasl, "GSSAPI", out);

	if (rc == GSASL_OK)
		rc = gsasl_property_set(*out, GSASL_SERVICE, "xmpp");
	if (rc == GSASL_OK)
		rc = gsasl_property_set(*out, GSASL_HOSTNAME, host);
	if (rc == GSASL_OK)
		rc = gsasl_property_set(*out, GSASL_QOPS, "qop-auth");
	return rc;
}

/* ---- before the first client -------------------------------------------------------------- */

/* What gsasl says to a token that is nothing. */
static int try_nothing(Gsasl *gsasl)
{
	static const char nothing[] = "\x60\x0f" KERBEROS "\x30\x00";
	Gsasl_session *session = NULL;
	char *out = NULL;
	size_t len = 0;
	int rc = begin(gsasl, "localhost", &session);

	if (rc == GSASL_OK)
		rc = gsasl_step(session, nothing, sizeof nothing - 1, &out, &len);
	gsasl_free(out); /* it may be there after an error, too */
	if (session != NULL)
		gsasl_finish(session);
	return rc;
}

/* Without a configuration: we may be root still, and the file in our state directory is its user's. */
void gssapi_open(struct Gsasl *gsasl)
{
	const char *set = getenv("KRB5_CONFIG");
	char *config = set != NULL ? bh_strdup(set) : NULL;

	gsasl_callback_set(gsasl, on_property);
	(void)setenv("KRB5_CONFIG", "/dev/null", 1);
	(void)try_nothing(gsasl);
	if (config != NULL)
		(void)setenv("KRB5_CONFIG", config, 1);
	free(config);
}

bool gssapi_has_key(struct Gsasl *gsasl)
{
	return try_nothing(gsasl) == GSASL_GSSAPI_ACCEPT_SEC_CONTEXT_ERROR;
}

/* ---- an exchange --------------------------------------------------------------------------- */

static enum outcome fail_code(struct exchange *x, int rc)
{
	switch (rc) {
	case GSASL_GSSAPI_ACCEPT_SEC_CONTEXT_ERROR:
	case GSASL_GSSAPI_WRAP_ERROR:
	case GSASL_GSSAPI_UNWRAP_ERROR:
	case GSASL_GSSAPI_DISPLAY_NAME_ERROR:
		return exchange_fail(x, SASL_NOT_AUTHORIZED, "ticket-refused");
	case GSASL_GSSAPI_UNSUPPORTED_PROTECTION_ERROR:
	case GSASL_MECHANISM_PARSE_ERROR:
		return exchange_fail(x, SASL_MALFORMED_REQUEST, "malformed");
	case GSASL_GSSAPI_ACQUIRE_CRED_ERROR:
		return exchange_fail(x, SASL_TEMPORARY_AUTH_FAILURE, "keytab-unusable");
	default:
		return exchange_fail(x, SASL_TEMPORARY_AUTH_FAILURE, "internal");
	}
}

static void on_answered(void *arg, const struct dirjob_result *result)
{
	struct exchange *x = arg;
	struct gssapi *g = x->state;

	x->question = NULL;
	g->answer = *result;
	exchange_wake(x);
}

static enum outcome gssapi_resume(struct exchange *x)
{
	const struct gssapi *g = x->state;

	return identity_answered(x, &g->answer);
}

/* "juliet@EXAMPLE.ORG" of that realm: the part before it.  What libkrb5 escapes, and names of more than one component,
 * are no users. */
static bool user_of(const char *principal, const char *realm, struct str *user)
{
	const char *at = principal != NULL ? strrchr(principal, '@') : NULL;

	if (at == NULL || strpbrk(principal, "/\\") != NULL || strcmp(at + 1, realm) != 0)
		return false;
	*user = str_make(principal, (size_t)(at - principal));
	return true;
}

/* Many clients say the local part alone: of their own it is as good as nothing. */
static struct str authzid_of(const Gsasl_session *session, struct str user)
{
	struct str authzid = str_of(gsasl_property_fast((Gsasl_session *)session, GSASL_AUTHZID));

	if (authzid.len == user.len && strncasecmp(authzid.p, user.p, user.len) == 0)
		return STR_NONE;
	return authzid;
}

/* The ticket is good. */
static enum outcome take_owner(struct exchange *x)
{
	const struct gssapi *g = x->state;
	struct str user;

	if (!user_of(gsasl_property_fast(g->session, GSASL_GSSAPI_DISPLAY_NAME), x->realm, &user))
		return exchange_fail(x, SASL_NOT_AUTHORIZED, "ticket-of-another");
	if (!identity_take(x, user, authzid_of(g->session, user)))
		return OUTCOME_FAILURE;
	if (x->directory == NULL)
		return identity_exists(x);
	return identity_ask(x, DIRJOB_FIND, STR_NONE, on_answered);
}

static enum outcome gssapi_step(struct exchange *x, struct str in)
{
	struct gssapi *g = x->state;
	char *out = NULL;
	size_t len = 0;
	int rc = GSASL_OK;

	if (g == NULL) {
		if (!is_kerberos(in))
			return exchange_fail(x, SASL_MALFORMED_REQUEST, "malformed");
		x->state = g = bh_alloc(sizeof *g);
		rc = begin(x->env->gsasl, x->domain, &g->session);
	}
	if (rc == GSASL_OK)
		rc = gsasl_step(g->session, in.p, in.len, &out, &len);
	buf_clear(&x->out);
	if (rc == GSASL_OK || rc == GSASL_NEEDS_MORE)
		buf_put(&x->out, out, len);
	gsasl_free(out);
	if (rc != GSASL_OK && rc != GSASL_NEEDS_MORE)
		return fail_code(x, rc);
	return rc == GSASL_OK ? take_owner(x) : OUTCOME_CHALLENGE;
}

static void gssapi_end(struct exchange *x)
{
	struct gssapi *g = x->state;

	if (g->session != NULL)
		gsasl_finish(g->session);
	free(g);
}

const struct mechanism mechanism_gssapi = {
	.name = "GSSAPI",
	.step = gssapi_step,
	.resume = gssapi_resume,
	.end = gssapi_end,
};
