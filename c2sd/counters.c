/* The table of c2sd's counters, in the order of the enum. */
#include "c2sd/counters.h"

struct counter c2sd_counters[] = {
	[COUNT_STREAM_ERRORS] = {.name = "stream_errors", .about = "Streams of clients that were ended with an error"},
	[COUNT_STANZAS_IN] = {.name = "stanzas_in", .about = "Stanzas that clients have sent"},
	[COUNT_STANZAS_OUT] = {.name = "stanzas_out", .about = "Stanzas that were written to clients"},
	[COUNT_END] = {.name = NULL},
};
