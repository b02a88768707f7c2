/* -P: what a daemon may do once it is confined, out of the tables that confine it. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/calls.h"
#include "daemon/private.h"

static void print_list(const char *title, const char *const *items)
{
	printf("%s:", title);
	for (; *items != NULL; items++)
		printf(" %s", *items);
	printf("\n");
}

static void print_name(int number)
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);

	printf("  %s", name != NULL ? name : "?");
	free(name);
}

/* What another architecture calls differently is none of this one's. */
static void print_call(const struct call *call)
{
	if (call->number < 0)
		return;
	print_name(call->number);
	if (call->text != NULL)
		printf(" (%s)", call->text);
	printf("%s\n", call->refused_with != 0 ? " refused" : "");
}

static void print_group(const char *title, const struct call_group *group)
{
	printf("%s: %s\n", title, group->name);
	for (size_t i = 0; i < group->ncalls; i++)
		print_call(&group->calls[i]);
}

static void print_groups(const char *title, unsigned may)
{
	for (size_t i = 0; i < ncall_groups; i++)
		if ((call_groups[i].may & may) != 0)
			print_group(title, &call_groups[i]);
}

static void print_own(const int *calls)
{
	printf("may: what its libraries do besides\n");
	for (; *calls != -1; calls++) {
		print_name(*calls);
		printf("\n");
	}
}

void profile_print(const struct daemon_spec *spec)
{
	const struct sandbox *rules = spec->sandbox;

	printf("name: %s\njob: %s\nuser: bulkhead-%s\n", spec->name, spec->job, spec->name);
	printf("group: %s\n", rules->group != NULL ? rules->group : "-");
	printf("holds: %s\ntaken: %s\n", rules->holds, rules->taken);
	print_list("reads", rules->read_paths);
	print_list("writes", rules->write_paths);
	if (rules->directories)
		print_list("reads with directories", sandbox_directory_reads);
	if (rules->directories || rules->keytab != NULL)
		print_list("reads with Kerberos", sandbox_kerberos_reads);
	printf("memory: %s\n", rules->locks_memory ? "locked" : "-");
	print_group("may", &call_groups[CALLS_OF_ALL]);
	print_groups("may", rules->may);
	if (rules->syscalls != NULL)
		print_own(rules->syscalls);
	if (rules->directories)
		print_groups("with directories", MAY_DIRECTORIES & ~rules->may);
	if (rules->directories || rules->keytab != NULL)
		print_groups("with Kerberos", MAY_KERBEROS);
}
