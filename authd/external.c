/* EXTERNAL (RFC 4422, appendix A; XEP-0178): the client's certificate has said who it is. */
#include "authd/external.h"

#include <stdlib.h>

#include "authd/identity.h"
#include "base/alloc.h"
#include "xmpp/jid.h"

/* While a directory is asked. */
struct external {
	char *authzid;
	bool by_certificate; /* asked whose it is, and not only for an account */
	struct dirjob_result answer;
};

static enum directory_certificate kind_of(const struct exchange *x)
{
	if (x->directory == NULL || x->env->directories == NULL)
		return CERTIFICATE_ADDRESS;
	return directories_certificate(*x->env->directories, x->directory);
}

/* What the certificate has of that kind; absent where it has not. */
static struct str name_of(const struct exchange *x, enum directory_certificate kind)
{
	switch (kind) {
	case CERTIFICATE_MAIL:
		return str_of(x->certificate_mail);
	case CERTIFICATE_SUBJECT:
		return str_of(x->certificate_subject);
	case CERTIFICATE_EXACT:
		return x->certificate_der.len > 0 ? buf_str(&x->certificate_der) : STR_NONE;
	default:
		return str_of(x->certificate);
	}
}

bool external_has_name(const struct exchange *x)
{
	return name_of(x, kind_of(x)).p != NULL;
}

static void on_answered(void *arg, const struct dirjob_result *result)
{
	struct exchange *x = arg;
	struct external *e = x->state;

	x->question = NULL;
	e->answer = *result;
	exchange_wake(x);
}

static struct external *begin_question(struct exchange *x, struct str authzid)
{
	struct external *e = bh_alloc(sizeof *e);

	e->authzid = bh_strndup(authzid.p != NULL ? authzid.p : "", authzid.len);
	x->state = e;
	return e;
}

/* In the certificate stands an address of the domain. */
static enum outcome by_address(struct exchange *x, struct str authzid)
{
	char text[JID_MAX + 1];
	struct jid jid;

	if (jid_prepare(str_of(x->certificate), text, &jid) < 0 || jid.local.p == NULL ||
		jid.resource.p != NULL || !str_is(jid.domain, x->domain))
		return exchange_fail(x, SASL_NOT_AUTHORIZED, "certificate-of-another");
	if (!identity_take(x, jid.local, authzid))
		return OUTCOME_FAILURE;
	if (x->directory == NULL)
		return identity_exists(x);
	(void)begin_question(x, authzid);
	return identity_ask(x, DIRJOB_FIND, STR_NONE, on_answered);
}

static enum outcome external_step(struct exchange *x, struct str in)
{
	enum directory_certificate kind = kind_of(x);

	if (x->state != NULL || memchr(in.p != NULL ? in.p : "", '\0', in.len) != NULL)
		return exchange_fail(x, SASL_MALFORMED_REQUEST, "malformed");
	if (kind == CERTIFICATE_ADDRESS)
		return by_address(x, in);
	begin_question(x, in)->by_certificate = true;
	return identity_ask_certificate(x, name_of(x, kind), on_answered);
}

static enum outcome external_resume(struct exchange *x)
{
	const struct external *e = x->state;

	if (e->by_certificate && e->answer.rc == 0) {
		if (!e->answer.found)
			return exchange_fail(x, SASL_NOT_AUTHORIZED, "certificate-of-nobody");
		if (!identity_take(x, str_of(e->answer.local), str_of(e->authzid)))
			return OUTCOME_FAILURE;
	}
	return identity_answered(x, &e->answer);
}

static void external_end(struct exchange *x)
{
	struct external *e = x->state;

	free(e->authzid);
	free(e);
}

const struct mechanism mechanism_external = {
	.name = "EXTERNAL",
	.needs_certificate = true,
	.step = external_step,
	.resume = external_resume,
	.end = external_end,
};
