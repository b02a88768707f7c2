/*
 * exits - the exit codes of every program of the suite, and the codes of replies on ctl.sock
 */
#ifndef BH_EXITS_H
#define BH_EXITS_H

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_PROBLEMS = 2, /* of a check: it has found some */
	EXIT_NOT_RUNNING = 3,
	EXIT_NOT_AUTHORISED = 4,
	EXIT_NOT_FOUND = 5,
	EXIT_CONFLICT = 6,
	EXIT_TEMPORARY = 75,
	EXIT_BAD_CONFIG = 78,
};

#endif
