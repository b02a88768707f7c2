/* routerd - the switch: who is connected, and where a stanza goes */
#include <sys/syscall.h>

#include "routerd/routerd.h"

static const char *const reads[] = {NULL};
static const char *const writes[] = {"state", NULL};
/* Its sockets are removed at the end; the rest is what SQLite needs. */
static const int calls[] = {
	SYS_unlink, SYS_unlinkat, SYS_pread64, SYS_pwrite64, SYS_fdatasync, SYS_fsync,
	SYS_ftruncate, SYS_fallocate, SYS_fchmod, SYS_fchown, -1,
};

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
		.ready_later = true,
		.adopt = routerd_adopt,
		.ask_reload = routerd_ask_reload,
		.stop = routerd_stop,
	};

	return daemon_main(&spec, argc, argv);
}
