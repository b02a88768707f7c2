/* bulkhead-authd - decides who somebody is, and keeps the accounts */
#include <sys/syscall.h>

#include "authd/authd.h"

/* What SQLite does to its files.  fchown: only where we run as root (in tests). */
static const int syscalls[] = {
	SYS_pread64, SYS_pwrite64, SYS_fdatasync, SYS_fsync, SYS_ftruncate, SYS_fallocate,
	SYS_unlinkat, SYS_fchmod, SYS_fchown,
	SYS_sendmmsg, /* names of directories */
	SYS_getdents64, /* folders that krb5.conf includes */
#ifdef SYS_unlink
	SYS_unlink,
#endif
	-1,
};

/* Secrets are read again by a reload. */
static const char *const read_paths[] = {"component.secret", NULL};
static const char *const write_paths[] = {"state", NULL};

static const struct sandbox sandbox = {
	.syscalls = syscalls,
	.read_paths = read_paths,
	.write_paths = write_paths,
	.directories = true,
	.keytab = "authd.keytab",
};

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {
		.name = "authd",
		.job = "decides who somebody is, and keeps the accounts",
		.sandbox = &sandbox,
		.open = authd_open,
		.start = authd_start,
		.prepare = authd_prepare,
		.adopt = authd_adopt,
		.discard = authd_discard,
		.ask_reload = authd_ask_reload,
		.stop = authd_stop,
	};

	return daemon_main(&spec, argc, argv);
}
