/* The table of dirsyncd's counters, in the order of the enum. */
#include "dirsyncd/counters.h"

struct counter dirsyncd_counters[] = {
	[COUNT_CHANGES] = {.name = "directory_changes"},
	[COUNT_REVOKED] = {.name = "directory_revoked"},
	[COUNT_RENAMED] = {.name = "directory_renamed"},
	[COUNT_ERASED] = {.name = "directory_erased"},
	[COUNT_LOST] = {.name = "directory_lost"},
	[COUNT_ACCOUNTS] = {.name = "directory_accounts"},
	[COUNT_HELD] = {.name = "directory_held"},
	[COUNT_LAG_MS] = {.name = "directory_lag_ms"},
	[COUNT_END] = {.name = NULL},
};
