/* From a proof to a session. */
#include "s2sd/proof.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "daemon/log.h"
#include "s2sd/bidi.h"
#include "s2sd/dialback.h"
#include "s2sd/external.h"
#include "s2sd/failure.h"
#include "s2sd/verify.h"

struct proof *proof_find(const struct peer *p, struct str local, struct str remote)
{
	list_for_each(pos, &p->proofs) {
		struct proof *proof = container_of(pos, struct proof, link);

		if (str_is(local, proof->local) && str_is(remote, proof->remote))
			return proof;
	}
	return NULL;
}

bool proof_holds(const struct peer *p, struct str local, struct str remote)
{
	const struct proof *proof = proof_find(p, local, remote);

	return proof != NULL && proof->state == PROOF_DONE;
}

bool proof_both(const struct proof *proof)
{
	return proof->peer->bidi && !proof->peer->ours && proof->certified;
}

struct proof *proof_begin(struct peer *p, struct str local, struct str remote, enum proof_method method)
{
	struct proof *proof;

	if (p->nproofs == PROOFS_MAX)
		return NULL;
	proof = bh_alloc(sizeof *proof);
	proof->peer = p;
	proof->method = method;
	proof->certified = method != PROOF_DIALBACK; /* there it is looked at later */
	proof->local = bh_strndup(local.p, local.len);
	proof->remote = bh_strndup(remote.p, remote.len);
	list_append(&p->proofs, &proof->link);
	p->nproofs++;
	return proof;
}

static void drop(struct proof *proof)
{
	if (proof->verify != NULL)
		verify_cancel(&proof->verify);
	list_remove(&proof->link);
	proof->peer->nproofs--;
	free(proof->local);
	free(proof->remote);
	free(proof);
}

static const char *name_of(const struct proof *proof)
{
	static const char *const names[] = {"dialback", "EXTERNAL", "certificate"};

	return names[proof->method];
}

void proof_refuse(struct proof *proof, unsigned condition, const char *why)
{
	struct peer *p = proof->peer;
	bool called = proof->method == PROOF_CALLED;

	log_event(peer_is_news(p) ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "proof-refused",
		"conn=%s from=%s port=%u local=%s remote=%s method=%s reason=%s",
		peer_name(p), peer_ip(p), peer_port(p), LOG_TEXT(proof->local), LOG_TEXT(proof->remote), name_of(proof),
		LOG_TEXT(why));
	if (proof->method == PROOF_EXTERNAL)
		external_refused(p, condition);
	else if (proof->method == PROOF_DIALBACK)
		dialback_refused(p, proof, condition);
	drop(proof);
	if (called)
		bidi_refused(p);
}

void proof_hold(struct proof *proof)
{
	struct msg_prove m = {.local = str_of(proof->local), .remote = str_of(proof->remote),
		.both = proof_both(proof)};
	struct peer *p = proof->peer;

	proof->state = PROOF_WAITING;
	if (!s2sd_router_ready(p->carrying.srv))
		return;
	proof->state = PROOF_PROVING;
	p->known = true;
	(void)LINK_SEND(s2sd_link(p->carrying.srv), PROVE, prove, p->carrying.carried.id, &m);
}

static void complete(struct proof *proof)
{
	struct peer *p = proof->peer;

	proof->state = PROOF_DONE;
	log_info("domain-proved", "conn=%s from=%s port=%u local=%s remote=%s method=%s tls=%s", peer_name(p),
		peer_ip(p), peer_port(p), LOG_TEXT(proof->local), LOG_TEXT(proof->remote), name_of(proof),
		LOG_TEXT(stream_tls_description(p->stream)));
	peer_trusted(p);
	p->proved_at = clock_ms();
	if (proof->method == PROOF_EXTERNAL)
		external_accepted(p);
	else if (proof->method == PROOF_DIALBACK)
		dialback_accepted(p, proof);
	else
		bidi_accepted(p);
}

/* The session comes before the peer's first stanza can. */
static void ask_session(struct proof *proof)
{
	struct peer *p = proof->peer;
	struct msg_bind m = {.resource = STR_NONE};

	if (p->bound) {
		complete(proof);
		return;
	}
	proof->state = PROOF_BINDING;
	if (p->binding)
		return;
	p->binding = true;
	(void)LINK_SEND(s2sd_link(p->carrying.srv), BIND, bind, p->carrying.carried.id, &m);
}

int on_proven(const struct bus_event *event)
{
	struct peer *p = peer_find(event->owner, event->frame->subject);
	struct msg_proven m;
	struct proof *proof;

	if (bus_get_proven(event->frame->body, &m) != 0 ||
		(m.condition != 0 && stanza_error_name(m.condition) == NULL))
		return BH_EPROTO;
	proof = p != NULL && p->state != PEER_CLOSING ? proof_find(p, m.local, m.remote) : NULL;
	if (proof == NULL || proof->state != PROOF_PROVING)
		return 0;
	if (m.condition == 0)
		ask_session(proof);
	else
		proof_refuse(proof, m.condition, "routerd allows it not");
	return 0;
}

int on_bound(const struct bus_event *event)
{
	struct peer *p = peer_find(event->owner, event->frame->subject);
	struct msg_bound m;

	if (bus_get_bound(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (p == NULL || p->state == PEER_CLOSING || !p->binding)
		return 0;
	p->binding = false;
	p->bound = true;
	p->carrying.carried.session = m.session;
	p->carrying.carried.epoch = m.epoch;
	list_for_each_safe(pos, &p->proofs) {
		struct proof *proof = container_of(pos, struct proof, link);

		if (proof->state == PROOF_BINDING)
			complete(proof);
	}
	return 0;
}

int on_bind_refused(const struct bus_event *event)
{
	struct peer *p = peer_find(event->owner, event->frame->subject);
	struct msg_bind_refused m;

	if (bus_get_bind_refused(event->frame->body, &m) != 0 || stanza_error_name(m.condition) == NULL)
		return BH_EPROTO;
	if (p == NULL || p->state == PEER_CLOSING || !p->binding)
		return 0;
	p->binding = false;
	list_for_each_safe(pos, &p->proofs) {
		struct proof *proof = container_of(pos, struct proof, link);

		if (proof->state == PROOF_BINDING)
			proof_refuse(proof, m.condition, "routerd has no session for it");
	}
	return 0;
}

void proofs_drop(struct peer *p)
{
	while (!list_empty(&p->proofs))
		drop(container_of(p->proofs.next, struct proof, link));
}

void proofs_router_lost(struct peer *p)
{
	list_for_each(pos, &p->proofs) {
		struct proof *proof = container_of(pos, struct proof, link);

		if (proof->state == PROOF_PROVING || proof->state == PROOF_BINDING)
			proof->state = PROOF_WAITING;
	}
}

void proofs_router_back(struct peer *p)
{
	list_for_each_safe(pos, &p->proofs) {
		struct proof *proof = container_of(pos, struct proof, link);

		if (proof->state == PROOF_WAITING)
			proof_hold(proof);
	}
}
