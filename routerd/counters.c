/* The table of routerd's counters, in the order of the enum. */
#include "routerd/counters.h"

#define STANZAS_IN(text)                                                                           \
	{.name = "stanzas_in{kind=\"" text "\"}", .about = "Stanzas that clients, servers and components have sent"}
#define CLIENTS(text)                                                                              \
	{.name = "client_sessions{state=\"" text "\"}", .kind = GAUGE,                             \
		.about = "Sessions of clients: available, connected without presence, or asleep until their client comes back"}

struct counter router_counters[] = {
	[COUNT_MESSAGES_IN] = STANZAS_IN("message"),
	[COUNT_PRESENCE_IN] = STANZAS_IN("presence"),
	[COUNT_IQS_IN] = STANZAS_IN("iq"),
	[COUNT_DELIVERIES] = {.name = "deliveries", .about = "Stanzas that were given to a session, once for each"},
	[COUNT_ERRORS_SENT] = {.name = "errors_sent", .about = "Stanzas that were answered with an error"},
	[COUNT_MESSAGES_STORED] = {.name = "messages_stored",
		.about = "Messages that were stored for an account that was not available"},
	[COUNT_LOGINS] = {.name = "logins", .about = "Log-ins that succeeded"},
#define XX(NAME, number, text)                                                                     \
	[COUNT_LOGINS_FAILED + number - 1] = {.name = "logins_failed{reason=\"" text "\"}",        \
		.about = "Log-ins that failed, by SASL condition"},
	SASL_ERROR_MAP(XX)
#undef XX
	[COUNT_SESSIONS] = {.name = "sessions", .about = "Sessions that were begun"},
	[COUNT_RESUMED] = {.name = "resumed", .about = "Sessions that went on at a new connection"},
	[COUNT_CLIENTS_AVAILABLE] = CLIENTS("available"),
	[COUNT_CLIENTS_CONNECTED] = CLIENTS("connected"),
	[COUNT_CLIENTS_ASLEEP] = CLIENTS("asleep"),
	[COUNT_QUEUED] = {.name = "queued", .kind = GAUGE, .about = "Stanzas that sessions have not acknowledged yet"},
	[COUNT_QUEUED_BYTES] = {.name = "queued_bytes", .kind = GAUGE, .about = "Bytes of these"},
	[COUNT_END] = {.name = NULL},
};
