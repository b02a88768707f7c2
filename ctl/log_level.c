/* `log level`: of all daemons, or of one that gets another. */
#include "ctl/ctl.h"

int run_log_level(const struct call *call)
{
	if (call->argc == 1)
		return complain(EXIT_USAGE, "too few arguments; usage: bulkheadctl %s %s", call->command->name,
			call->command->args);
	return run_verb(call);
}
