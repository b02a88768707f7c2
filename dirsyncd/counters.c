/* The table of dirsyncd's counters, in the order of the enum. */
#include "dirsyncd/counters.h"

struct counter dirsyncd_counters[] = {
	[COUNT_CHANGES] = {.name = "directory_changes", .about = "Entries of directories that were new, changed or gone"},
	[COUNT_REVOKED] = {.name = "directory_revoked", .about = "Accounts that a directory has taken away"},
	[COUNT_RENAMED] = {.name = "directory_renamed", .about = "Accounts that have another name now"},
	[COUNT_ERASED] = {.name = "directory_erased", .about = "Accounts whose data were erased, since a directory has them no more"},
	[COUNT_LOST] = {.name = "directory_lost", .about = "Connections to directories that were lost"},
	[COUNT_END] = {.name = NULL},
};
