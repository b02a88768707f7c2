/* The tables of RFC 6121 Appendix A. */
#include "routerd/subscription.h"

#include "base/alloc.h"
#include "xmpp/stanza.h"

enum { SUBSCRIBE, SUBSCRIBED, UNSUBSCRIBE, UNSUBSCRIBED, KINDS };

/* Of a cell: the new state, and PASSED where the stanza goes on. */
enum { PASSED = 0x10, STATE = 0x0f };

#define GO(state) (SUB_##state | PASSED)
#define STOP(state) (SUB_##state)

/* A.2: rows are the states before. */
static const uint8_t outbound[SUBSCRIPTIONS][KINDS] = {
	/* subscribe, subscribed, unsubscribe, unsubscribed */
	[SUB_NONE] = {GO(NONE_OUT), STOP(NONE), GO(NONE), STOP(NONE)},
	[SUB_NONE_OUT] = {GO(NONE_OUT), STOP(NONE_OUT), GO(NONE), STOP(NONE_OUT)},
	[SUB_NONE_IN] = {GO(NONE_OUT_IN), GO(FROM), GO(NONE_IN), GO(NONE)},
	[SUB_NONE_OUT_IN] = {GO(NONE_OUT_IN), GO(FROM_OUT), GO(NONE_IN), GO(NONE_OUT)},
	[SUB_TO] = {GO(TO), STOP(TO), GO(NONE), STOP(TO)},
	[SUB_TO_IN] = {GO(TO_IN), GO(BOTH), GO(NONE_IN), GO(TO)},
	[SUB_FROM] = {GO(FROM_OUT), STOP(FROM), GO(FROM), GO(NONE)},
	[SUB_FROM_OUT] = {GO(FROM_OUT), STOP(FROM_OUT), GO(FROM), GO(NONE_OUT)},
	[SUB_BOTH] = {GO(BOTH), STOP(BOTH), GO(FROM), GO(TO)},
};

/* A.3 */
static const uint8_t inbound[SUBSCRIPTIONS][KINDS] = {
	[SUB_NONE] = {GO(NONE_IN), STOP(NONE), STOP(NONE), STOP(NONE)},
	[SUB_NONE_OUT] = {GO(NONE_OUT_IN), GO(TO), STOP(NONE_OUT), GO(NONE)},
	[SUB_NONE_IN] = {STOP(NONE_IN), STOP(NONE_IN), GO(NONE), STOP(NONE_IN)},
	[SUB_NONE_OUT_IN] = {STOP(NONE_OUT_IN), GO(TO_IN), GO(NONE_OUT), GO(NONE_IN)},
	[SUB_TO] = {GO(TO_IN), STOP(TO), STOP(TO), GO(NONE)},
	[SUB_TO_IN] = {STOP(TO_IN), STOP(TO_IN), GO(TO), GO(NONE_IN)},
	[SUB_FROM] = {STOP(FROM), STOP(FROM), GO(NONE), STOP(FROM)},
	[SUB_FROM_OUT] = {STOP(FROM_OUT), GO(BOTH), GO(NONE_OUT), GO(FROM)},
	[SUB_BOTH] = {STOP(BOTH), STOP(BOTH), GO(TO), GO(FROM)},
};

static unsigned kind_of(uint8_t type)
{
	switch (type) {
	case TYPE_SUBSCRIBE:
		return SUBSCRIBE;
	case TYPE_SUBSCRIBED:
		return SUBSCRIBED;
	case TYPE_UNSUBSCRIBE:
		return UNSUBSCRIBE;
	default:
		BUG_ON(type != TYPE_UNSUBSCRIBED);
		return UNSUBSCRIBED;
	}
}

static struct transition cell(const uint8_t table[SUBSCRIPTIONS][KINDS], uint8_t state, uint8_t type)
{
	uint8_t c;

	BUG_ON(state >= SUBSCRIPTIONS);
	c = table[state][kind_of(type)];
	return (struct transition){.state = c & STATE, .passed = (c & PASSED) != 0};
}

struct transition subscription_outbound(uint8_t state, uint8_t type)
{
	return cell(outbound, state, type);
}

/* The state once a request that waits has been granted. */
static uint8_t granted_state(uint8_t state)
{
	return subscription_pending_in(state) ? cell(outbound, state, TYPE_SUBSCRIBED).state : state;
}

struct transition subscription_inbound(uint8_t state, uint8_t type, bool approved)
{
	struct transition t = cell(inbound, state, type);

	if (type != TYPE_SUBSCRIBE || !(approved || subscription_gives(state)))
		return t;
	/* Granted already (A.3.1, notes 1 and 2): the user is not asked. */
	return (struct transition){.state = granted_state(t.state), .granted = true};
}

const char *subscription_shown(uint8_t state)
{
	if (subscription_gives(state))
		return subscription_takes(state) ? "both" : "from";
	return subscription_takes(state) ? "to" : "none";
}

bool subscription_asked(uint8_t state)
{
	return state == SUB_NONE_OUT || state == SUB_NONE_OUT_IN || state == SUB_FROM_OUT;
}

bool subscription_gives(uint8_t state)
{
	return state == SUB_FROM || state == SUB_FROM_OUT || state == SUB_BOTH;
}

bool subscription_takes(uint8_t state)
{
	return state == SUB_TO || state == SUB_TO_IN || state == SUB_BOTH;
}

bool subscription_pending_in(uint8_t state)
{
	return state == SUB_NONE_IN || state == SUB_NONE_OUT_IN || state == SUB_TO_IN;
}
