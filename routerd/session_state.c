/* A list of texts: what stands where is known by this file alone. */
#include "routerd/session_state.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "bus/textlist.h"
#include "routerd/custody.h"
#include "routerd/proofs.h"

enum { WANTS_ROSTER = 1, WANTS_BLOCKLIST = 2, CARBONS = 4, AVAILABLE = 8 };

static void put_shown(void *out, struct str address)
{
	textlist_put(out, address);
}

void session_state_put(const struct session *s, struct buf *out)
{
	unsigned flags = (s->wants_roster ? WANTS_ROSTER : 0) |
			 (s->wants_blocklist ? WANTS_BLOCKLIST : 0) | (s->carbons ? CARBONS : 0) |
			 (s->presence != NULL ? AVAILABLE : 0);

	if (s->proofs != NULL) {
		proofs_put(s->proofs, out);
		return;
	}
	if (s->pair != NULL) {
		buf_put_str(out, str_of(s->way_state));
		return;
	}
	textlist_printf(out, "%u %d", flags, s->priority);
	if (s->presence != NULL)
		textlist_put(out, parcel_envelope(s->presence));
	directed_each(&s->directed, put_shown, out);
}

/* The presence stanza itself, as its own origin's: only its bytes are used again. */
static int take_presence(struct session *s, struct str envelope)
{
	struct cause cause = {.router = s->origin->router, .origin = s->origin};
	struct stanza stanza;

	if (stanza_decode(envelope, &stanza) != 0 || stanza.kind != STANZA_PRESENCE)
		return BH_EPROTO;
	s->presence = parcel_create(&cause, &(struct parcel_text){
		.from = s->jid.full, .additions = STR_NONE, .envelope = envelope});
	return s->presence != NULL ? 0 : BH_ENOMEM;
}

int session_state_take(struct session *s, struct str state)
{
	struct str text;
	char head[32];
	unsigned long flags;
	char *end;
	long priority;

	if (s->proofs != NULL)
		return 0; /* its state was its owner */
	if (s->pair != NULL) {
		s->way_state = bh_strndup(state.p, state.len);
		return 0;
	}
	if (!textlist_take(&state, &text) || text.len >= sizeof head)
		return BH_EPROTO;
	snprintf(head, sizeof head, "%.*s", STR_FMT(text));
	flags = strtoul(head, &end, 10);
	priority = strtol(end, &end, 10);
	if (end == head || *end != '\0')
		return BH_EPROTO;
	if (flags & AVAILABLE && (!textlist_take(&state, &text) || take_presence(s, text) != 0))
		return BH_EPROTO;
	s->wants_roster = flags & WANTS_ROSTER;
	s->wants_blocklist = flags & WANTS_BLOCKLIST;
	s->carbons = flags & CARBONS;
	s->priority = (int8_t)priority;
	while (textlist_take(&state, &text))
		(void)directed_add(&s->directed, text);
	return 0;
}
