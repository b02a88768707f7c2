/*
 * proof - that the peer of a stream is the server of a remote domain, to one of ours
 *
 * By its certificate and SASL EXTERNAL (XEP-0178), or by dialback (XEP-0220), where the domain's own server is asked.
 * Then routerd is told (PROVE), and only when that agrees the peer is.
 */
#ifndef S2SD_PROOF_H
#define S2SD_PROOF_H

#include "bus/link.h"
#include "s2sd/peer.h"

enum { PROOFS_MAX = 64 }; /* of a stream */

enum proof_method {
	PROOF_DIALBACK,
	PROOF_EXTERNAL, /* SASL */
	PROOF_CALLED,	/* we have called it, and its certificate is valid (bidi.h) */
};

enum proof_state {
	PROOF_VERIFYING, /* its server is asked */
	PROOF_WAITING,	 /* routerd is to be, when it is there */
	PROOF_PROVING,	 /* it is */
	PROOF_BINDING,	 /* the stream gets its session first */
	PROOF_DONE,
};

struct proof {
	struct list link; /* in peer.proofs */
	struct peer *peer;
	enum proof_state state;
	enum proof_method method;
	struct verify *verify;
	char *local, *remote;
	bool certified; /* the peer's certificate is valid for remote */
};

/* A new one, of prepared domains; NULL when there are too many. */
struct proof *proof_begin(struct peer *p, struct str local, struct str remote,
	enum proof_method method);
/* It holds: routerd is told. */
void proof_hold(struct proof *proof);
/* It does not: the peer hears that condition (enum stanza_error; 0: it is not who it says), and the proof is gone. */
void proof_refuse(struct proof *proof, unsigned condition, const char *why);

/* The one of that pair, in whatever state; NULL. */
struct proof *proof_find(const struct peer *p, struct str local, struct str remote);
/* May the peer send for it? */
bool proof_holds(const struct peer *p, struct str local, struct str remote);
/* May what we send to it go out there (bidi.h)? */
bool proof_both(const struct proof *proof);

/* The stream goes. */
void proofs_drop(struct peer *p);
/* routerd is away: what it has not agreed to waits.  It is there again. */
void proofs_router_lost(struct peer *p);
void proofs_router_back(struct peer *p);

bus_handler_fn on_proven, on_bound, on_bind_refused;

#endif
