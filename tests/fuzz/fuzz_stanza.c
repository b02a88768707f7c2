/* Any bytes as an envelope: what is one is written again as the same bytes. */
#include "base/buf.h"
#include "fuzz.h"
#include "xmpp/pack.h"
#include "xmpp/stanza.h"

static void check_reply(const struct stanza *s)
{
	struct stanza reply;

	stanza_reply(s, TYPE_ERROR, &reply);
	require(reply.kind == s->kind && reply.type == TYPE_ERROR);
	require(str_eq(reply.from, s->to) && reply.inner.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf again = BUF_INIT;
	struct stanza s;

	if (stanza_decode(str_make(data, size), &s) != 0)
		return 0;
	require(s.kind >= STANZA_MESSAGE && s.kind <= STANZA_IQ);
	require(s.nchildren <= STANZA_CHILDREN_MAX && s.from.p == NULL);
	for (size_t i = 0; i < s.nchildren; i++)
		require(stanza_has_child(&s, unpack_u64(s.children + 8 * i)));
	stanza_encode(&again, &s);
	require(str_eq(buf_str(&again), str_make(data, size)));
	require(stanza_type_name(s.type) == NULL ||
		stanza_type_parse(s.kind, str_of(stanza_type_name(s.type))) == s.type);
	check_reply(&s);
	buf_fini(&again);
	return 0;
}
