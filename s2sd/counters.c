/* The table of s2sd's counters, in the order of the enum. */
#include "s2sd/counters.h"

struct counter s2sd_counters[] = {
	[COUNT_CONNECTIONS_IN] = {.name = "connections_in"},
	[COUNT_CONNECTIONS_OUT] = {.name = "connections_out"},
	[COUNT_REJECTED] = {.name = "connections_rejected"},
	[COUNT_STREAM_ERRORS] = {.name = "stream_errors"},
	[COUNT_STANZAS_IN] = {.name = "stanzas_in"},
	[COUNT_STANZAS_OUT] = {.name = "stanzas_out"},
	[COUNT_UNREACHABLE] = {.name = "unreachable"},
	[COUNT_SIGNATURES] = {.name = "signatures"},
	[COUNT_SIGNATURES_FAILED] = {.name = "signatures_failed"},
	[COUNT_SIGNATURES_WAITING] = {.name = "signatures_waiting"},
	[COUNT_END] = {.name = NULL},
};
