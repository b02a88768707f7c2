/*
 * ctl - what all parts of bulkheadctl share: the options, the commands, complaints
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/exits.h"

/* Options that not every command takes: bits of a set, and places in ctl.values. */
enum command_option {
	OPTION_PASSWORD_STDIN,
	OPTION_ACCEPT,
	OPTION_FULL,
	OPTION_REASON,
	OPTION_DOMAIN,
	OPTION_MATCH,
	OPTION_TIMEOUT,
	OPTION_ONCE,
	OPTION_DRY_RUN,
	OPTION_BODIES,
	OPTION_FOR,
	OPTION_OUT,
	OPTION_FORMAT,
	OPTION_REPORT,
	OPTIONS,
};
#define TAKES(option) (1u << (option))

struct ctl {
	const char *conf_path;
	bool json;
	bool quiet;
	bool read_only;	  /* by monitor.sock */
	unsigned options; /* set of enum command_option */
	const char *values[OPTIONS]; /* of those that have one */
};

/* What can stand at an argument's place, for completion (complete.c). */
enum argument {
	ARG_NONE,
	ARG_ACCOUNT,
	ARG_SESSION,
	ARG_ADDRESS, /* of a queue */
	ARG_DOMAIN,  /* of ours */
	ARG_REMOTE,
	ARG_INSTANCE,
	ARG_LEVEL,
	ARG_DIRECTORY,
	ARG_FILE,
	ARG_COMMAND,
	ARG_CHECK,
	ARG_SETTING,
	ARG_SECTION,
	ARG_WORDS, /* anything */
};

struct call;
struct conf;

struct command {
	const char *name; /* one or two words */
	const char *args;
	int least, most; /* arguments */
	const char *help;
	int (*run)(const struct call *call); /* an enum exit_code */
	const char *verb;		     /* for run_verb(): what routerd calls it */
	unsigned options;		     /* that it takes */
	enum argument takes[2];
	bool upright; /* its answer is one row of many columns, shown line by line */
	bool hidden;  /* for programs */
};

/* A command with its arguments. */
struct call {
	const struct ctl *ctl;
	const struct command *command;
	int argc;
	char **argv;
};

extern const struct command commands[]; /* ends with a NULL name */

/* "--accept"; whether it has a value, and whether routerd is told of it (before the arguments a bare one, behind
 * them the value). */
struct option_info {
	const char *name;
	bool has_value, told;
	enum argument takes;
};
extern const struct option_info options_info[OPTIONS];

static inline bool has_option(const struct ctl *ctl, enum command_option option)
{
	return (ctl->options & TAKES(option)) != 0;
}

/* Finds the command that the words begin with, checks its number of arguments, and runs it. */
int commands_run(const struct ctl *ctl, int argc, char **argv);
/* The one that the words begin with, and how many words its name has; or NULL. */
const struct command *command_find(int argc, char **argv, int *words);

/* local.c, check/all.c, check_ldap.c, query.c, user.c, import.c, wait.c, certificate.c, complete.c, config.c, list.c,
 * log_level.c, trace.c */
int run_check(const struct call *call);
/* What can be looked at; NULL behind the last. */
const char *check_name(size_t i);
int run_check_ldap(const struct call *call);
int run_config_get(const struct call *call);
int run_config_dump(const struct call *call);
int run_version(const struct call *call);
int run_help(const struct call *call);
int run_verb(const struct call *call);
int run_trace(const struct call *call);
int run_log_level(const struct call *call);
int run_user_add(const struct call *call);
int run_user_passwd(const struct call *call);
int run_user_auth_test(const struct call *call);
int run_user_import(const struct call *call);
int run_user_list(const struct call *call);
int run_user_count(const struct call *call);
int run_wait(const struct call *call);
int run_restart(const struct call *call);
int run_drain(const struct call *call);
int run_cert_list(const struct call *call);
int run_cert_test(const struct call *call);
int run_top(const struct call *call); /* top/top.c */
int run_complete(const struct call *call);
/* backup/ */
int run_backup(const struct call *call);
int run_restore(const struct call *call);
/* move/ */
int run_export(const struct call *call);
int run_import(const struct call *call);

/* Reads the configuration; an enum exit_code, after the complaint. */
int load_conf(const struct ctl *ctl, struct conf **out);

/* The value of an option that is a number of seconds, 1 to 86400; without the option *out stays.  An enum exit_code, after
 * the complaint.  wait.c */
int seconds_of(const struct ctl *ctl, enum command_option option, unsigned *out);

/* The name of a command that is written much like that; NULL when none is. */
const char *suggest(const char *unknown);

/* With --json complaints are JSON too, still on standard error. */
void complain_as_json(void);
/* While something is tried again and again, nothing is said of that. */
void complain_silently(bool silently);
/* "Error: ..." on standard error; gives the code back. */
int complain(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A sentence about what was done, on standard output, unless -q; texts of other processes pass
 * through clean_put(). */
void tell(const struct ctl *ctl, const char *text);

#endif
