/* bulkhead-metrics - shows the suite to Prometheus and its like */
#include "metricsd/metricsd.h"

static const char *const reads[] = {NULL};
static const char *const writes[] = {NULL};
static const int calls[] = {-1};

static const struct sandbox sandbox = {
	.syscalls = calls,
	.read_paths = reads,
	.write_paths = writes,
	.inet = true,
};

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {
		.name = "metrics",
		.job = "shows the suite to Prometheus and its like (OpenMetrics)",
		.sandbox = &sandbox,
		.open = metricsd_open,
		.start = metricsd_start,
		.reload = metricsd_reload,
		.stop = metricsd_stop,
	};

	return daemon_main(&spec, argc, argv);
}
