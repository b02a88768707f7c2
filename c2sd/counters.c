/* The table of c2sd's counters, in the order of the enum. */
#include "c2sd/counters.h"

struct counter c2sd_counters[] = {
	[COUNT_STREAM_ERRORS] = {.name = "stream_errors", .about = "Streams of clients that were ended with an error"},
	[COUNT_STANZAS_IN] = {.name = "stanzas_in", .about = "Stanzas that clients have sent"},
	[COUNT_STANZAS_OUT] = {.name = "stanzas_out", .about = "Stanzas that were written to clients"},
	[COUNT_SIGNATURES] = {.name = "signatures", .about = "Signatures that keyd has made for TLS handshakes"},
	[COUNT_SIGNATURES_FAILED] = {.name = "signatures_failed", .about = "Signatures that keyd refused, or gave too late"},
	[COUNT_SIGNATURES_WAITING] = {.name = "signatures_waiting", .kind = GAUGE, .about = "TLS handshakes that wait for keyd"},
	[COUNT_END] = {.name = NULL},
};
