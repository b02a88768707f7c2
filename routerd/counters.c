/* The table of routerd's counters, in the order of the enum. */
#include "routerd/counters.h"

struct counter router_counters[] = {
	[COUNT_STANZAS_IN] = {.name = "stanzas_in"},
	[COUNT_DELIVERIES] = {.name = "deliveries"},
	[COUNT_ERRORS_SENT] = {.name = "errors_sent"},
	[COUNT_LOGINS] = {.name = "logins"},
	[COUNT_LOGINS_FAILED] = {.name = "logins_failed"},
	[COUNT_SESSIONS] = {.name = "sessions"},
	[COUNT_RESUMED] = {.name = "resumed"},
	[COUNT_END] = {.name = NULL},
};
