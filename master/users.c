/* One user a daemon, made by useradd(8); the groups of who may read private keys, and of those who may ask it to sign. */
#include "master/users.h"

#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"

static const char *const groups[] = {"bulkhead-tls", "bulkhead-sign"};
static const char *const daemons[] = {"routerd", "c2sd", "s2sd", "authd", "dirsyncd", "snmp", "metrics", "keyd"};

static int run(char *const command[])
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ||
		WEXITSTATUS(status) != 0)
		return BH_EIO;
	return 0;
}

static int run_useradd(char *name)
{
	char *command[] = {"useradd", "--system", "--user-group", "--no-create-home", "--home-dir",
		"/nonexistent", "--shell", "/usr/sbin/nologin", name, NULL};

	return run(command);
}

static int make_group(const char *name)
{
	char *command[] = {"groupadd", "--system", (char *)(uintptr_t)name, NULL};

	if (getgrnam(name) != NULL)
		return 0;
	if (run(command) != 0 && getgrnam(name) == NULL) {
		fprintf(stderr, "bulkhead: cannot make the group: run \"groupadd --system %s\"\n", name);
		return BH_EIO;
	}
	printf("made the group %s\n", name);
	return 0;
}

int users_make(void)
{
	char name[64];

	if (geteuid() != 0)
		return 0;
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
		if (make_group(groups[i]) != 0)
			return BH_EIO;
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
