/* EXTERNAL (RFC 4422, appendix A; XEP-0178): the client's certificate has said who it is. */
#include <stdlib.h>

#include "authd/exchange.h"
#include "authd/identity.h"
#include "base/alloc.h"
#include "xmpp/jid.h"

static void on_answered(void *arg, const struct dirjob_result *result)
{
	struct exchange *x = arg;

	x->question = NULL;
	*(struct dirjob_result *)x->state = *result;
	exchange_wake(x);
}

static enum outcome ask_directory(struct exchange *x)
{
	x->state = bh_alloc(sizeof(struct dirjob_result));
	return identity_ask(x, STR_NONE, on_answered);
}

static enum outcome external_resume(struct exchange *x)
{
	return identity_answered(x, x->state, false);
}

static void external_end(struct exchange *x)
{
	free(x->state);
}

static enum outcome external_step(struct exchange *x, struct str in)
{
	char text[JID_MAX + 1];
	struct jid jid;

	if (jid_prepare(str_of(x->certificate), text, &jid) < 0 || jid.local.p == NULL ||
		jid.resource.p != NULL || !str_is(jid.domain, x->domain))
		return exchange_fail(x, SASL_NOT_AUTHORIZED, "certificate-of-another");
	if (!identity_take(x, jid.local, in))
		return OUTCOME_FAILURE;
	if (x->directory != NULL)
		return ask_directory(x);
	if (!x->known)
		return exchange_fail(x, SASL_NOT_AUTHORIZED, "unknown-account");
	if (x->record.disabled)
		return exchange_fail(x, SASL_ACCOUNT_DISABLED, "disabled");
	return OUTCOME_SUCCESS;
}

const struct mechanism mechanism_external = {
	.name = "EXTERNAL",
	.needs_certificate = true,
	.step = external_step,
	.resume = external_resume,
	.end = external_end,
};
