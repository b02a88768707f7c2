/* One user a daemon, made by useradd(8); and the group of those who may read private keys. */
#include "master/users.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"

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

static int make_group(void)
{
	char *command[] = {"groupadd", "--system", "bulkhead-tls", NULL};

	if (getgrnam("bulkhead-tls") != NULL)
		return 0;
	if (run(command) != 0 && getgrnam("bulkhead-tls") == NULL) {
		fprintf(stderr, "bulkhead: cannot make the group: run \"groupadd --system bulkhead-tls\"\n");
		return BH_EIO;
	}
	printf("made the group bulkhead-tls\n");
	return 0;
}

int users_make(void)
{
	char name[64];

	if (geteuid() != 0)
		return 0;
	if (make_group() != 0)
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
