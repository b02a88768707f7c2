/* routerd - the switch: who is connected, and where a stanza goes */
#include <sys/syscall.h>

#include "routerd/routerd.h"

static const char *const reads[] = {NULL};
static const char *const writes[] = {NULL};
/* Its sockets are removed at the end. */
static const int calls[] = {SYS_unlink, SYS_unlinkat, -1};

static const struct sandbox sandbox = {
	.syscalls = calls,
	.read_paths = reads,
	.write_paths = writes,
	.inet = false,
};

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {
		.name = "routerd",
		.job = "routes stanzas between the daemons, and knows who is connected",
		.sandbox = &sandbox,
		.open = routerd_open,
		.start = routerd_start,
		.reload = routerd_reload,
		.stop = routerd_stop,
	};

	return daemon_main(&spec, argc, argv);
}
