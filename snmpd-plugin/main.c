/* bulkhead-snmp - shows the suite to SNMP, as a part of snmpd (AgentX) */
#include <sys/syscall.h>

#include "snmpd-plugin/snmp.h"

static const char *const reads[] = {NULL};
static const char *const writes[] = {NULL};
/* libnetsnmp waits by select(2), talks to itself over a pipe, and looks for certificates of its own in a folder that it
 * would make: there it fails, and does without. */
static const int calls[] = {
	SYS_pselect6, SYS_pipe2, SYS_mkdirat,
#ifdef SYS_mkdir
	SYS_mkdir,
#endif
	-1,
};

static const struct sandbox sandbox = {
	.syscalls = calls,
	.read_paths = reads,
	.write_paths = writes,
	.asks_inet = true, /* for our address, to put it into notifications of SNMP 1 */
};

#ifdef BULKHEAD_SANITIZE
const char *__lsan_default_suppressions(void);

/* A connection to snmpd that fails costs the library some bytes. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libnetsnmp";
}
#endif

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {
		.name = "snmp",
		.job = "shows the suite to SNMP, as a part of snmpd (AgentX)",
		.sandbox = &sandbox,
		.open = snmp_plugin_open,
		.start = snmp_plugin_start,
		.reload = snmp_plugin_reload,
		.stop = snmp_plugin_stop,
	};

	return daemon_main(&spec, argc, argv);
}
