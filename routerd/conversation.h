/*
 * conversation - one SASL exchange, relayed between a connection and an authd
 *
 * Its number is minted here at AUTH_BEGIN and pinned to one authd.  A verdict counts once, only
 * from that authd, only while the conversation is open; closing, aborting, a new beginning or
 * 30 s end it (custody.md, 19).
 */
#ifndef ROUTERD_CONVERSATION_H
#define ROUTERD_CONVERSATION_H

#include "bus/link.h"
#include "routerd/front.h"
#include "routerd/router.h"

struct conversations *conversations_create(struct router *r);
/* All must be ended before. */
void conversations_free(struct conversations **c);

/* Closes it without a word to the client. */
void conversation_end(struct conversation *conv);
/* An authd is gone: its conversations end with temporary-auth-failure. */
void conversations_lost(struct router *r, const struct bus_peer *authd);

bus_handler_fn on_auth_begin, on_auth_step, on_auth_abort, on_auth_challenge, on_auth_verdict;

#endif
