/* The table of c2sd's counters, in the order of the enum. */
#include "c2sd/counters.h"

struct counter c2sd_counters[] = {
	[COUNT_CONNECTIONS] = {.name = "connections"},
	[COUNT_REJECTED] = {.name = "connections_rejected"},
	[COUNT_STREAM_ERRORS] = {.name = "stream_errors"},
	[COUNT_STANZAS_IN] = {.name = "stanzas_in"},
	[COUNT_STANZAS_OUT] = {.name = "stanzas_out"},
	[COUNT_SIGNATURES] = {.name = "signatures"},
	[COUNT_SIGNATURES_FAILED] = {.name = "signatures_failed"},
	[COUNT_SIGNATURES_WAITING] = {.name = "signatures_waiting"},
	[COUNT_END] = {.name = NULL},
};
