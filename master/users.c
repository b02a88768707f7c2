/* One user a daemon, made by useradd(8). */
#include "master/users.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"

static const char *const daemons[] = {"routerd", "c2sd", "s2sd", "authd", "dirsyncd", "snmp", "keyd"};

static int run_useradd(const char *name)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		execlp("useradd", "useradd", "--system", "--user-group", "--no-create-home",
			"--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", name,
			(char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ||
		WEXITSTATUS(status) != 0)
		return BH_EIO;
	return 0;
}

int users_make(void)
{
	char name[64];

	if (geteuid() != 0)
		return 0;
	for (size_t i = 0; i < sizeof daemons / sizeof daemons[0]; i++) {
		snprintf(name, sizeof name, "bulkhead-%s", daemons[i]);
		if (getpwnam(name) != NULL)
			continue;
		/* Another `init` may have been faster: what counts is that the user is there. */
		if (run_useradd(name) != 0 && getpwnam(name) == NULL) {
			fprintf(stderr, "bulkhead: cannot make the user %s: run \"useradd --system "
				"%s\"\n", name, name);
			return BH_EIO;
		}
		printf("made the user %s\n", name);
	}
	return 0;
}
