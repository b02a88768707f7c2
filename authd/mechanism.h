/*
 * mechanism - the SASL mechanisms that authd knows, and which of them a client may use
 *
 * authd says what it can do for a domain; c2sd shows each client the part that its connection
 * allows, and tells us in AUTH_BEGIN what it showed.  What was not offered is not accepted
 * (attacks.md, S13).
 */
#ifndef AUTHD_MECHANISM_H
#define AUTHD_MECHANISM_H

#include <stdbool.h>
#include <stddef.h>

#include "authd/keys.h"
#include "base/buf.h"
#include "base/str.h"

struct exchange;

/* What a step of an exchange came to. */
enum outcome {
	OUTCOME_CHALLENGE, /* exchange->out goes to the client */
	OUTCOME_SUCCESS,   /* exchange->out is the additional data, if has_out */
	OUTCOME_FAILURE,   /* exchange->condition and reason say why */
	OUTCOME_WAIT,	   /* a thread works; exchange_wake() follows */
};

struct mechanism {
	const char *name;
	enum scram_hash hash;
	bool plus;	       /* bound to the TLS channel */
	bool needs_tls;	       /* shows the password to who reads along */
	bool needs_certificate;
	bool needs_keys;       /* the password's, to check a proof that does not say it */
	bool raw;	       /* what the client says is no Base64 */
	/* in: what the client says, decoded. */
	enum outcome (*step)(struct exchange *x, struct str in);
	/* The thread is done (after OUTCOME_WAIT). */
	enum outcome (*resume)(struct exchange *x);
	/* Frees exchange->state. */
	void (*end)(struct exchange *x);
};

enum { MECHANISMS_MAX = 8 };

/* Mechanisms in the order of preference. */
struct offer {
	const struct mechanism *of[MECHANISMS_MAX];
	size_t n;
};

/* NULL for a name that is none; names are compared byte for byte. */
const struct mechanism *mechanism_find(struct str name);

/* 0, BH_ENOTFOUND for an unknown name, BH_EEXIST for a second time. */
int offer_add(struct offer *offer, struct str name);
/* "SCRAM-SHA-256-PLUS SCRAM-SHA-256 ..." */
void offer_write(const struct offer *offer, struct buf *out);

/* A client wants to begin. */
struct mechanism_request {
	struct str name;
	struct str offered; /* names separated by spaces */
	bool tls, exporter, certificate;
};

/* The mechanism, or NULL and an enum sasl_error. */
const struct mechanism *offer_accept(const struct offer *offer,
	const struct mechanism_request *request, unsigned *condition);

/* Was one with channel binding among them? */
bool offered_plus(struct str offered);

extern const struct mechanism mechanism_scram_sha1, mechanism_scram_sha1_plus,
	mechanism_scram_sha256, mechanism_scram_sha256_plus, mechanism_plain, mechanism_external,
	mechanism_gssapi;

/* Not of SASL: of the streams of components, for their domains alone; nobody can configure or offer
 * it, and mechanism_find() does not know it. */
extern const struct mechanism mechanism_component;

#endif
