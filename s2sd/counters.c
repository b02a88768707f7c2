/* The table of s2sd's counters, in the order of the enum. */
#include "s2sd/counters.h"

struct counter s2sd_counters[] = {
	[COUNT_STREAM_ERRORS] = {.name = "stream_errors", .about = "Streams with other servers that were ended with an error of ours"},
	[COUNT_STANZAS_IN] = {.name = "stanzas_in", .about = "Stanzas that other servers have sent"},
	[COUNT_STANZAS_OUT] = {.name = "stanzas_out", .about = "Stanzas that were written to other servers"},
	[COUNT_UNREACHABLE] = {.name = "unreachable", .about = "How often stanzas went back, since a remote domain could not be reached"},
	[COUNT_END] = {.name = NULL},
};
