/*
 * tls_judge - what the files of an identity are worth to others: one judgement for all who show it
 *
 * For programs that look at files; whoever serves with them has a store (net/tls.h).  It takes the time of two
 * verifications, and reads the key.
 */
#ifndef BH_TLS_JUDGE_H
#define BH_TLS_JUDGE_H

#include "net/tls.h"
#include "net/tls_finding.h"

enum tls_use { TLS_FOR_CLIENTS = 1, TLS_FOR_SERVERS = 2 };

enum tls_aspect { TLS_FILE, TLS_DATES, TLS_NAMES, TLS_TRUST, TLS_STRENGTH, TLS_KEY, TLS_ASPECTS };

/* A sentence: which file, what is found, and what to do. */
struct tls_opinion {
	enum tls_weight weight;
	char text[1024];
};

struct tls_judgement {
	unsigned n; /* aspects that could be looked at: the file alone, or all */
	struct tls_opinion of[TLS_ASPECTS];
};

/* "file", "dates", ... */
const char *tls_aspect_name(unsigned aspect);

/* uses: the set of those for whom it is to name the domain.  ca: a file of authorities that count besides those of the
 * system; NULL: none. */
void tls_judge(const struct tls_identity *id, unsigned uses, const char *ca, struct tls_judgement *out);

#endif
