/*
 * dialback - who a server is, by asking the one that the DNS names for its domain (XEP-0220, keys by XEP-0185)
 *
 * The key for a stream is made of the secret that all s2sds of the suite share, the two domains and the stream's id: so
 * any of them can verify it.  Errors are told as errors (XEP-0220 2.4).
 */
#ifndef S2SD_DIALBACK_H
#define S2SD_DIALBACK_H

#include "base/buf.h"
#include "bus/link.h"
#include "s2sd/states.h"

struct proof;
struct s2sd;

enum { DIALBACK_KEY_SIZE = 65 };

/* On the streams of both sides. */
state_fn dialback_result, dialback_verify;

/* Ours: says who we are. */
void dialback_start(struct peer *p);

/* A proof of a peer's is accepted, or not (condition 0: its server says no; else enum stanza_error). */
void dialback_accepted(struct peer *p, const struct proof *proof);
void dialback_refused(struct peer *p, const struct proof *proof, unsigned condition);

/* The key: to the receiving domain, from the originating one. */
void dialback_key(const uint8_t *secret, struct str receiving, struct str originating, struct str id,
	char key[DIALBACK_KEY_SIZE]);

bus_handler_fn on_dialback_secret;

#endif
