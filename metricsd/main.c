/* bulkhead-metrics - shows the suite to Prometheus and its like */
#include <sys/syscall.h>

#include "metricsd/metricsd.h"

static const char *const reads[] = {NULL};
static const char *const writes[] = {NULL};

/* libmicrohttpd has an epoll descriptor of its own. */
static const int calls[] = {SYS_epoll_create1, -1};

static const struct sandbox sandbox = {
	.may = MAY_ACCEPT | MAY_JOIN,
	.syscalls = calls,
	.read_paths = reads,
	.write_paths = writes,
	.holds = "none",
	.taken = "show wrong numbers, and see the right ones: counts, names of instances and of domains",
};

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {
		.name = "metrics",
		.job = "shows the suite to Prometheus and its like (OpenMetrics)",
		.sandbox = &sandbox,
		.open = metricsd_open,
		.start = metricsd_start,
		.ask_reload = metricsd_ask_reload,
		.stop = metricsd_stop,
	};

	return daemon_main(&spec, argc, argv);
}
