/*
 * ctl - what all parts of bulkheadctl share: the options, the commands, complaints
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/exits.h"

struct ctl {
	const char *conf_path;
	bool json;
	bool quiet;
	unsigned options; /* set of enum command_option */
	const char *out, *format, *report; /* values of options; NULL without */
};

/* Options that not every command takes. */
enum command_option {
	OPTION_PASSWORD_STDIN = 1,
	OPTION_ACCEPT = 2,
	OPTION_FULL = 4,
	OPTION_OUT = 8,
	OPTION_FORMAT = 16,
	OPTION_DRY_RUN = 32,
	OPTION_REPORT = 64,
};
/* "--accept" */
const char *option_name(enum command_option option);

struct call;
struct conf;

struct command {
	const char *name; /* one or two words */
	const char *args;
	int least, most; /* arguments */
	const char *help;
	int (*run)(const struct call *call); /* an enum exit_code */
	const char *verb;		     /* for run_verb(): what routerd calls it */
	unsigned options;		     /* that it takes; run_verb() gives them to the verb as arguments */
};

/* A command with its arguments. */
struct call {
	const struct ctl *ctl;
	const struct command *command;
	int argc;
	char **argv;
};

extern const struct command commands[]; /* ends with a NULL name */

/* Finds the command that the words begin with, checks its number of arguments, and runs it. */
int commands_run(const struct ctl *ctl, int argc, char **argv);

/* local.c, check_ldap.c, query.c, user.c, import.c */
int run_check_config(const struct call *call);
int run_check_ldap(const struct call *call);
int run_version(const struct call *call);
int run_help(const struct call *call);
int run_verb(const struct call *call);
int run_user_put(const struct call *call);
int run_user_import(const struct call *call);
/* move/ */
int run_export(const struct call *call);
int run_import(const struct call *call);

/* Reads the configuration; an enum exit_code, after the complaint. */
int load_conf(const struct ctl *ctl, struct conf **out);

/* The name of a command that is written much like that; NULL when none is. */
const char *suggest(const char *unknown);

/* "Error: ..." on standard error; gives the code back. */
/* With --json complaints are JSON too, still on standard error. */
void complain_as_json(void);
int complain(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A sentence about what was done, on standard output, unless -q; texts of other processes pass
 * through clean_put(). */
void tell(const struct ctl *ctl, const char *text);

#endif
