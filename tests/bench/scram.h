/*
 * scram - the client's side of SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, RFC 7677)
 *
 * The keys of an account are derived once for its salt and iteration count and kept in the
 * caller's cache, so that a login costs the generator a few hashes only.
 */
#ifndef BENCH_SCRAM_H
#define BENCH_SCRAM_H

#include "base/buf.h"
#include "base/str.h"

enum { SCRAM_HASH_MAX = 32, SCRAM_SALT_MAX = 64 };

struct scram_keys {
	unsigned char salt[SCRAM_SALT_MAX];
	unsigned salt_len;
	unsigned iterations;
	unsigned hash_len; /* 20 or 32; 0: nothing derived */
	unsigned char client[SCRAM_HASH_MAX];
	unsigned char stored[SCRAM_HASH_MAX];
	unsigned char server[SCRAM_HASH_MAX];
};

struct scram;

/* Begins an exchange: "SCRAM-SHA-1" or "SCRAM-SHA-256". */
struct scram *scram_new(const char *mechanism, const char *user);
void scram_free(struct scram **s);

const char *scram_mechanism(const struct scram *s);

/* Appends the first message, in base64. */
void scram_first(const struct scram *s, struct buf *out);

/* Answers the server's first message (base64) with the final one, appended in base64.  cache
 * is used when it fits and replaced when not.  0 or BH_EPROTO. */
int scram_final(struct scram *s, const char *password, struct str challenge,
	struct scram_keys *cache, struct buf *out);

/* Checks the server's signature (base64).  0 or BH_EDENIED. */
int scram_verify(const struct scram *s, struct str final);

#endif
