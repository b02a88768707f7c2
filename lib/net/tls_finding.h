/*
 * tls_finding - what can be found of a certificate: the weights and the words, once for all who judge one
 *
 * Files are judged by net/tls_judge.h, what a server shows by net/tls_probe.h, and the peer of a stream by
 * stream_check_certificate().
 */
#ifndef BH_TLS_FINDING_H
#define BH_TLS_FINDING_H

#include <stdbool.h>
#include <stdint.h>

enum tls_weight { TLS_GOOD, TLS_WARNING, TLS_PROBLEM };

enum tls_finding {
	TLS_NOT_SHOWN,
	/* dates */
	TLS_LASTS,
	TLS_ENDS_SOON,
	TLS_LAST_DAY,
	TLS_EXPIRED,
	TLS_NOT_YET,
	/* names */
	TLS_NAMED,
	TLS_UNNAMED,
	/* who has issued it */
	TLS_TRUSTED,
	TLS_TRUSTED_BY_SOME,
	TLS_SELF_SIGNED,
	TLS_UNKNOWN_AUTHORITY,
	TLS_INCOMPLETE,
	TLS_CHAIN_DATES, /* it is in time, and one of those above it is not */
	TLS_REVOKED,
	TLS_FORGED,
	TLS_INVALID,
	/* strength */
	TLS_STRONG,
	TLS_WEAK_KEY,
	TLS_WEAK_SIGNATURE,
};

struct tls_found {
	enum tls_finding finding;
	char text[768]; /* "it has expired on 2026-01-01T00:00:00Z" */
};

/* The text is that of the finding, and behind it what fmt makes. */
void tls_found(struct tls_found *out, enum tls_finding finding, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
enum tls_weight tls_found_weight(const struct tls_found *found);
/* What its owner is to do: "renew it"; empty where there is nothing to do. */
const char *tls_found_remedy(const struct tls_found *found);
/* Its time has not come, or is over. */
bool tls_found_untimely(const struct tls_found *found);

/* By its first and its last second, of now (wall clock). */
void tls_found_dates(int64_t from, int64_t until, int64_t now, struct tls_found *out);

#endif
