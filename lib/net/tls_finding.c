/* The table of findings, and those that need no certificate. */
#include "net/tls_finding.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"

enum { DAY_S = 24 * 3600, SOON_S = 21 * DAY_S };

/* s2sd/trial.c knows some of the words. */
static const struct {
	enum tls_weight weight;
	const char *text, *remedy;
} findings[] = {
	[TLS_NOT_SHOWN] = {TLS_PROBLEM, "none was shown", ""},

	[TLS_LASTS] = {TLS_GOOD, "it is good for ", ""},
	[TLS_ENDS_SOON] = {TLS_WARNING, "it expires in ", "renew it, and run bulkheadctl reload"},
	[TLS_LAST_DAY] = {TLS_PROBLEM, "it expires within a day, on ", "renew it now, and run bulkheadctl reload"},
	[TLS_EXPIRED] = {TLS_PROBLEM, "it has expired on ", "renew it, and run bulkheadctl reload"},
	[TLS_NOT_YET] = {TLS_PROBLEM, "it is not valid before ", "set the clock, or wait"},

	[TLS_NAMED] = {TLS_GOOD, "it names ", ""},
	[TLS_UNNAMED] = {TLS_PROBLEM, "it does not name ", "get one that does"},

	[TLS_TRUSTED] = {TLS_GOOD, "its chain ends at an authority that is trusted", ""},
	[TLS_TRUSTED_BY_SOME] = {TLS_GOOD, "it is trusted by those alone who have the authority that is here in ", ""},
	[TLS_SELF_SIGNED] = {TLS_WARNING, "it is self-signed", "get one from an authority that others trust"},
	[TLS_UNKNOWN_AUTHORITY] = {TLS_WARNING, "no authority that is trusted here has issued it",
		"get one from an authority that others trust, or put its own into the file s2sd.ca"},
	[TLS_INCOMPLETE] = {TLS_PROBLEM, "its chain is incomplete: the certificate of its issuer is missing",
		"put that behind it into the file, which certbot calls fullchain.pem"},
	[TLS_CHAIN_DATES] = {TLS_PROBLEM, "a certificate between it and its authority has expired, or is not valid yet",
		"put the issuer's present one into the file"},
	[TLS_REVOKED] = {TLS_PROBLEM, "it is revoked", "get another"},
	[TLS_FORGED] = {TLS_PROBLEM, "it is signed with another key than that of the authority of that name",
		"put the certificates of its own issuer behind it"},
	[TLS_INVALID] = {TLS_PROBLEM, "it is not valid", "get another"},

	[TLS_STRONG] = {TLS_GOOD, "its key and the signatures of its chain are strong enough", ""},
	[TLS_WEAK_KEY] = {TLS_PROBLEM, "its key has only ", "get one for a key of at least 2048, or of an elliptic curve"},
	[TLS_WEAK_SIGNATURE] = {TLS_PROBLEM, "its signature, or one above it, is of a kind that is not safe any more",
		"have it issued anew"},
};

void tls_found(struct tls_found *out, enum tls_finding finding, const char *fmt, ...)
{
	size_t len = (size_t)snprintf(out->text, sizeof out->text, "%s", findings[finding].text);
	va_list ap;

	out->finding = finding;
	va_start(ap, fmt);
	vsnprintf(out->text + len, sizeof out->text - len, fmt, ap);
	va_end(ap);
}

enum tls_weight tls_found_weight(const struct tls_found *found)
{
	return findings[found->finding].weight;
}

const char *tls_found_remedy(const struct tls_found *found)
{
	return findings[found->finding].remedy;
}

bool tls_found_untimely(const struct tls_found *found)
{
	return found->finding == TLS_EXPIRED || found->finding == TLS_NOT_YET;
}

static void found_at(struct tls_found *out, enum tls_finding finding, int64_t when)
{
	char stamp[CLOCK_STAMP_SIZE];

	clock_stamp(when, stamp);
	tls_found(out, finding, "%s", stamp);
}

/* Soon: who renews in good time, as certbot does a month before, has had days to do so by then; of one that lives shortly it
 * is the last third. */
void tls_found_dates(int64_t from, int64_t until, int64_t now, struct tls_found *out)
{
	int64_t left = until - now, third = (until - from) / 3;

	if (from > now)
		found_at(out, TLS_NOT_YET, from);
	else if (left < 0)
		found_at(out, TLS_EXPIRED, until);
	else if (left <= DAY_S)
		found_at(out, TLS_LAST_DAY, until);
	else if (left <= SOON_S && left <= third)
		tls_found(out, TLS_ENDS_SOON, "%" PRId64 " days", left / DAY_S);
	else
		tls_found(out, TLS_LASTS, "%" PRId64 " more days", left / DAY_S);
}
