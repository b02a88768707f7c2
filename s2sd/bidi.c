/* Both sides of <bidi/>. */
#include "s2sd/bidi.h"

#include <string.h>

#include "base/clock.h"
#include "s2sd/features.h"
#include "s2sd/proof.h"
#include "s2sd/way.h"
#include "xmpp/names.h"

/* So long the remote has to begin stream management, which comes before all that we send. */
enum { SETTLE_MS = 1000 };

/* ---- ours ------------------------------------------------------------------------------ */

/* A stream that went one way is resumed as such.  Where routerd is away it is waited for. */
bool bidi_wanted(const struct peer *p)
{
	struct previous previous = outgoing_previous(p->outgoing);

	return p->carrying.srv->settings.bidi && p->certified && p->state == OUT_SECURE &&
	       outgoing_both_ways(p->outgoing) && (previous.id == NULL || previous.session != NULL);
}

void bidi_begin(struct peer *p)
{
	struct proof *proof = proof_begin(p, str_of(p->local), str_of(p->remote), PROOF_CALLED);

	if (proof == NULL) {
		features_prove(p);
		return;
	}
	p->state = OUT_PROVING;
	outgoing_step(p, "the same stream may carry what comes back");
	proof_hold(proof);
}

static void agree(struct peer *p)
{
	p->bidi = true;
	p->state = OUT_SECURE;
	buf_put_lit(peer_output(p), "<bidi xmlns='" NS_BIDI "'/>");
	features_prove(p);
}

void bidi_accepted(struct peer *p)
{
	struct previous previous = outgoing_previous(p->outgoing);
	struct msg_resume m = {.id = str_of(previous.session)};

	if (p->state != OUT_PROVING)
		return;
	p->sm.resuming = previous.session != NULL &&
			 LINK_SEND(s2sd_link(p->carrying.srv), RESUME, resume, p->carrying.carried.id, &m) == 0;
	if (!p->sm.resuming)
		sm_count_session(p, true, UINT32_MAX);
}

void bidi_counted(struct peer *p)
{
	if (p->state == OUT_PROVING)
		agree(p);
}

void bidi_resumed(struct peer *p, bool resumed)
{
	p->sm.session_resumed = resumed;
	if (resumed)
		agree(p);
	else
		sm_count_session(p, true, UINT32_MAX);
}

void bidi_refused(struct peer *p)
{
	if (p->state != OUT_PROVING)
		return;
	p->state = OUT_SECURE;
	features_prove(p);
}

/* ---- theirs ---------------------------------------------------------------------------- */

bool bidi_offered(const struct peer *p)
{
	return !p->ours && p->state == IN_SECURE && p->certified && p->carrying.srv->settings.bidi;
}

void bidi_asked(struct peer *p, const struct element *e)
{
	(void)e;
	if (bidi_offered(p) && p->nproofs == 0)
		p->bidi = true;
	else
		peer_fail(p, STREAM_POLICY_VIOLATION, "not at this point of the stream");
}

void bidi_open(struct peer *p)
{
	if (!p->bidi || p->ours || p->state == PEER_CLOSING)
		return;
	p->sm.settled = true;
	list_for_each(pos, &p->proofs) {
		const struct proof *proof = container_of(pos, struct proof, link);

		if (proof->state == PROOF_DONE && proof_both(proof) && p->way == NULL)
			way_meet(p, proof->local, proof->remote);
	}
}

void bidi_tick(struct peer *p)
{
	if (p->bidi && !p->ours && !p->sm.settled && !p->sm.enabling && !p->sm.resuming && p->proved_at != 0 &&
		clock_ms() - p->proved_at > SETTLE_MS)
		bidi_open(p);
}

struct peer *bidi_find(const struct s2sd *srv, const char *local, const char *remote)
{
	list_for_each(pos, &srv->peers) {
		struct peer *p = container_of(pos, struct peer, link);
		const struct proof *proof = proof_find(p, str_of(local), str_of(remote));

		if (proof != NULL && proof->state == PROOF_DONE && proof_both(proof) && p->state != PEER_CLOSING &&
			p->stream != NULL && p->way == NULL)
			return p;
	}
	return NULL;
}
