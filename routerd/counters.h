/*
 * counters - what routerd counts
 */
#ifndef ROUTERD_COUNTERS_H
#define ROUTERD_COUNTERS_H

#include "daemon/counter.h"
#include "xmpp/error.h"
#include "xmpp/stanza.h"

enum router_count {
	COUNT_MESSAGES_IN,
	COUNT_PRESENCE_IN,
	COUNT_IQS_IN,
	COUNT_DELIVERIES,
	COUNT_ERRORS_SENT,
	COUNT_MESSAGES_STORED,
	COUNT_LOGINS,
	COUNT_LOGINS_FAILED, /* of the first SASL condition; the others follow */
	COUNT_SESSIONS = COUNT_LOGINS_FAILED + SASL_TEMPORARY_AUTH_FAILURE,
	COUNT_RESUMED,
	COUNT_CLIENTS_AVAILABLE,
	COUNT_CLIENTS_CONNECTED,
	COUNT_CLIENTS_ASLEEP,
	COUNT_QUEUED,
	COUNT_QUEUED_BYTES,
	COUNT_END,
};

extern struct counter router_counters[];

static inline void counter_add(enum router_count which, uint64_t n)
{
	router_counters[which].value += n;
}

static inline void counter_sub(enum router_count which, uint64_t n)
{
	router_counters[which].value -= n;
}

static inline void count_stanza_in(enum stanza_kind kind)
{
	counter_add(COUNT_MESSAGES_IN + kind - STANZA_MESSAGE, 1);
}

static inline void count_login_failed(enum sasl_error condition)
{
	counter_add(COUNT_LOGINS_FAILED + condition - 1, 1);
}

#endif
