/* Acts on files and programs, and finding an act by its name. */
#include "tests/breach/acts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *const no_env[] = {NULL};

static int keep(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : -1;
}

static int read_file(const char *path)
{
	return keep(open(path, O_RDONLY | O_CLOEXEC));
}

static int write_file(const char *path)
{
	return keep(open(path, O_WRONLY | O_CLOEXEC));
}

static int create_file(const char *path)
{
	return keep(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

static int list_folder(const char *path)
{
	return keep(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int make_folder(const char *path)
{
	return mkdir(path, 0700);
}

static int remove_file(const char *path)
{
	return unlink(path);
}

static int rename_file(const char *path)
{
	return rename(path, path);
}

static int link_file(const char *path)
{
	return symlink("/etc/passwd", path);
}

static int make_device(const char *path)
{
	return mknod(path, S_IFIFO | 0600, 0);
}

static int change_mode(const char *path)
{
	return chmod(path, 0644);
}

static int run_program(const char *path)
{
	char *const args[] = {(char *)path, NULL};

	return execve(path, args, no_env);
}

static int run_memory(const char *arg)
{
	static const char script[] = "#!/bin/true\n";
	char *const args[] = {(char *)arg, NULL};
	int fd = memfd_create("x", 0);

	if (fd < 0 || write(fd, script, sizeof script - 1) < 0)
		return -1;
	return fexecve(fd, args, no_env);
}

static int make_process(const char *arg)
{
	pid_t pid = fork();

	(void)arg;
	if (pid == 0)
		_exit(0);
	return pid > 0 && waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static int make_code(const char *arg)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arg;
	return p != MAP_FAILED ? munmap(p, 4096) : -1;
}

static int turn_into_code(const char *arg)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arg;
	return p != MAP_FAILED ? mprotect(p, 4096, PROT_READ | PROT_EXEC) : -1;
}

const struct act acts_files[] = {
	{"read", read_file},
	{"write", write_file},
	{"create", create_file},
	{"list", list_folder},
	{"mkdir", make_folder},
	{"unlink", remove_file},
	{"rename", rename_file},
	{"symlink", link_file},
	{"mknod", make_device},
	{"chmod", change_mode},
	{"execve", run_program},
	{"memfd+execveat", run_memory},
	{"fork", make_process},
	{"mmap PROT_EXEC", make_code},
	{"mprotect PROT_EXEC", turn_into_code},
	{NULL, NULL},
};

const struct act *act_find(const char *name)
{
	static const struct act *const tables[] = {acts_files, acts_calls, acts_sockets};

	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (const struct act *a = tables[i]; a->name != NULL; a++)
			if (strcmp(a->name, name) == 0)
				return a;
	return NULL;
}
