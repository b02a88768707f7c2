/* bulkhead-dirsyncd - follows the directories, and says what has changed there */
#include <sys/syscall.h>

#include "dirsyncd/dirsyncd.h"

/* What SQLite does to its files, names of directories, and folders that krb5.conf includes. */
static const int syscalls[] = {
	SYS_pread64, SYS_pwrite64, SYS_fdatasync, SYS_fsync, SYS_ftruncate, SYS_fallocate,
	SYS_unlinkat, SYS_fchmod, SYS_fchown, SYS_sendmmsg, SYS_getdents64,
#ifdef SYS_unlink
	SYS_unlink,
#endif
	-1,
};

static const char *const read_paths[] = {NULL};
static const char *const write_paths[] = {"state", NULL};

static const struct sandbox sandbox = {
	.syscalls = syscalls,
	.read_paths = read_paths,
	.write_paths = write_paths,
	.directories = true,
};

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {
		.name = "dirsyncd",
		.job = "follows the directories, and says what has changed there",
		.sandbox = &sandbox,
		.open = dirsyncd_open,
		.start = dirsyncd_start,
		.prepare = dirsyncd_prepare,
		.adopt = dirsyncd_adopt,
		.discard = dirsyncd_discard,
		.ask_reload = dirsyncd_ask_reload,
		.stop = dirsyncd_stop,
	};

	return daemon_main(&spec, argc, argv);
}
